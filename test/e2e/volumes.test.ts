/** Volumes that nobody named: seen, counted as used while a container has them, and removed with it when asked. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
const { orc } = lab;
const lines = (...args: readonly string[]): readonly string[] =>
  orc(...args)
    .stdout.split('\n')
    .filter((line) => line !== '');
const onDisk = (): readonly string[] => {
  const folder = join(lab.instance.folder, 'root/volumes');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const inFolder = (name: string, text: string): ((...args: readonly string[]) => CommandResult) => {
  const cwd = join(lab.instance.folder, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'compose.yaml'), text);
  return (...args) => lab.instance.orc(args, { cwd });
};

describe('anonymous volumes', SLOW, () => {
  test('are listed, inspected, in use while their container is there, and removed by name', () => {
    expect(
      orc('container', 'run', '-d', '--name', 'a1', '-v', '/anon', 'busybox', 'sleep', '1000').code,
    ).toBe(0);
    const [name = '', ...others] = lines('volume', 'ls', '-q');
    expect(others).toEqual([]);
    expect(
      lines(
        'container',
        'inspect',
        '-f',
        '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}}',
        'a1',
      ),
    ).toEqual([`volume ${name} /anon`]);
    expect(lines('container', 'ls', '--format', '{{.Mounts}}')).toEqual([name]);
    expect(lines('volume', 'inspect', '-f', '{{.Name}} {{.Mountpoint}}', name)).toEqual([
      `${name} ${join(lab.instance.folder, 'root/volumes', name, '_data')}`,
    ]);
    expect(lines('volume', 'ls', '-qf', 'dangling=true')).toEqual([]);
    expect(lines('volume', 'ls', '-qf', 'dangling=false')).toEqual([name]);
    expect(orc('volume', 'rm', name)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('in use by a1'),
    });
    expect(orc('container', 'rm', '-f', 'a1').code).toBe(0);
    expect(lines('volume', 'ls', '-qf', 'dangling=true')).toEqual([name]);
    expect(orc('volume', 'rm', name)).toMatchObject({ code: 0, stdout: `${name}\n` });
    expect(onDisk()).toEqual([]);
  });

  test('go with a container that was to go, also when it never started', () => {
    expect(orc('container', 'run', '--rm', '-v', '/anon', 'busybox', 'nosuch').code).toBe(127);
    expect(onDisk()).toEqual([]);
    expect(orc('container', 'run', '--name', 'b1', '-v', '/anon', 'busybox', 'nosuch').code).toBe(127);
    expect(onDisk()).toHaveLength(1);
    expect(lines('volume', 'ls', '-qf', 'dangling=true')).toEqual([]);
    expect(orc('container', 'rm', '-v', 'b1').code).toBe(0);
    expect(onDisk()).toEqual([]);
  });

  test('of an image are known as well', () => {
    const context = join(lab.instance.folder, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nVOLUME /data\n');
    expect(orc('image', 'build', '-q', '-t', 'withvolume', context).code).toBe(0);
    expect(orc('container', 'run', '-d', '--name', 'c1', 'withvolume', 'sleep', '1000').code).toBe(0);
    const [name = ''] = lines('volume', 'ls', '-q');
    expect(lines('container', 'ls', '-q', '--filter', `volume=${name}`)).toHaveLength(1);
    expect(orc('container', 'rm', '-fv', 'c1').code).toBe(0);
    expect(onDisk()).toEqual([]);
  });
});

describe('volumes of a project', SLOW, () => {
  const kept = (): string => {
    const victim = join(lab.instance.folder, 'victim');
    mkdirSync(victim, { recursive: true });
    return join(victim, 'kept');
  };

  test('whose name leads out of their folder are refused by the file and by the daemon, and nothing is removed', async () => {
    writeFileSync(kept(), 'mine');
    const out = '../../victim';
    const run = inFolder(
      'escape',
      `services: {web: {image: busybox, volumes: ["v:/d"]}}\nvolumes: {v: {name: "${out}"}}\n`,
    );
    const { code, stderr } = run('up', '-d');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`compose.yaml:2:21: volume name "${out}" is not allowed`),
    });
    run('down', '-v');
    const mounts = [{ type: 'volume', source: out, target: '/d' }] as const;
    await expect(
      lab.instance.client.createContainer({ name: 'escapes', spec: { image: 'busybox', mounts } }),
    ).rejects.toThrow(`volume name "${out}" is not allowed`);
    await expect(lab.instance.client.createVolume(out, { driver: 'local' })).rejects.toThrow(
      'is not allowed',
    );
    expect(readFileSync(kept(), 'utf8')).toBe('mine');
    expect(lines('volume', 'ls', '-q')).toEqual([]);
  });

  test('without a name stay with their container and what replaces it, and no longer: after a down they are nobody’s', () => {
    const run = inFolder(
      'slot',
      'services: {web: {image: busybox, init: true, command: sleep 100, volumes: [/anon]}}\n',
    );
    const write = (word: string): unknown =>
      run('exec', '-T', 'web', 'sh', '-c', `echo ${word} > /anon/file`);
    const read = (): string => run('exec', '-T', 'web', 'sh', '-c', 'cat /anon/file || true').stdout.trim();
    const volumes = (): readonly string[] => lines('volume', 'ls', '-qf', 'name=slot_');
    expect(run('up', '-d').code).toBe(0);
    write('first');
    for (const flags of [['--force-recreate'], ['--force-recreate', '-t', '0']]) {
      expect(run('up', '-d', ...flags).code).toBe(0);
      expect(read()).toBe('first');
    }
    const [first, ...others] = volumes();
    expect(others).toEqual([]);
    expect(run('down').code).toBe(0);
    expect(lines('volume', 'ls', '-qf', 'dangling=true')).toEqual([first]);
    expect(run('up', '-d').code).toBe(0);
    expect(read()).toBe('');
    write('second');
    // Nothing else has changed.
    expect(run('up', '-d', '-V').code).toBe(0);
    expect(read()).toBe('');
    write('renewed');
    expect(run('up', '-d', '--force-recreate').code).toBe(0);
    expect(read()).toBe('renewed');
    expect(volumes()).toHaveLength(2);
    expect(run('down', '-v').code).toBe(0);
    // Of the container before it nobody knows it any more.
    expect(volumes()).toEqual([first]);
    expect(run('down', '-v').code).toBe(0);
    expect(volumes()).toEqual([first]);
    expect(orc('volume', 'prune', '-f')).toMatchObject({
      code: 0,
      stdout: `Deleted Volumes:\n${first}\n\nTotal reclaimed space: 6B\n`,
    });
    expect(volumes()).toEqual([]);
  });

  test('without a name are not taken from a container that is to take them over', () => {
    const text = (word: string): string =>
      `services: {web: {image: busybox, init: true, command: sleep ${word}, volumes: [/anon]}}\n`;
    const run = inFolder('heir', text('100'));
    expect(run('up', '-d').code).toBe(0);
    const names = lines('volume', 'ls', '-qf', 'name=heir_');
    expect(inFolder('heir', text('200'))('create').code).toBe(0);
    expect(lines('container', 'ls', '-a', '--format', '{{.Mounts}} {{.State}}')).toEqual([
      `${names[0]} created`,
    ]);
    expect(orc('volume', 'prune', '-f').stdout).toBe('Total reclaimed space: 0B\n');
    expect(orc('volume', 'rm', names[0] as string).stderr).toContain('is in use by heir-web-1');
    expect(lines('volume', 'ls', '-qf', 'name=heir_')).toEqual(names);
    expect(run('down', '-v').code).toBe(0);
    expect(lines('volume', 'ls', '-qf', 'name=heir_')).toEqual([]);
  });

  test('that up -V renewed stay after a down without -v', () => {
    const run = inFolder(
      'renew',
      'services: {web: {image: busybox, init: true, command: sleep 100, volumes: [/anon]}}\n',
    );
    expect(run('up', '-d').code).toBe(0);
    const [name = ''] = onDisk();
    const marked = join(lab.instance.folder, 'root/volumes', name, '_data/old');
    writeFileSync(marked, '');
    expect(run('up', '-d', '-V', '--force-recreate').code).toBe(0);
    expect(existsSync(marked)).toBe(false);
    const after = onDisk();
    expect(run('down').code).toBe(0);
    expect(onDisk()).toEqual(after);
    expect(orc('volume', 'rm', ...after).code).toBe(0);
  });
});

test('a volume with options is refused, also where one of the name is there', SLOW, () => {
  for (const [name, option] of [
    ['nfs', 'type=nfs'],
    ['there', 'foo=bar'],
  ] as const) {
    expect(orc('volume', 'create', 'there').code).toBe(0);
    const { code, stderr } = orc('volume', 'create', '-o', option, name);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`option "${option.split('=')[0]}" is not`)]);
  }
  expect(lines('volume', 'ls', '-q', '--filter', 'name=nfs')).toEqual([]);
  expect(orc('volume', 'rm', 'there').code).toBe(0);
});

describe('prune', SLOW, () => {
  const deleted = (noun: string, ...flags: readonly string[]): unknown =>
    JSON.parse(orc(noun, 'prune', '-f', '--format', 'json', ...flags).stdout);

  test('of volumes takes those without a name; with -a all; as labels say, and never one in use', () => {
    const [nobodys = ''] = lines('volume', 'create');
    orc('volume', 'create', 'named');
    orc('volume', 'create', '--label', 'keep', 'kept');
    orc('container', 'create', '--name', 'holds', '-v', 'held:/held', '-v', '/anon', 'busybox');
    expect(deleted('volume', '--filter', 'label=keep')).toEqual({ VolumesDeleted: [], SpaceReclaimed: 0 });
    expect(deleted('volume')).toEqual({ VolumesDeleted: [nobodys], SpaceReclaimed: 0 });
    expect(deleted('volume', '-a', '--filter', 'label!=keep')).toMatchObject({ VolumesDeleted: ['named'] });
    expect(deleted('volume', '--filter', 'all=true')).toMatchObject({ VolumesDeleted: ['kept'] });
    expect(lines('volume', 'ls', '-q')).toEqual(['held']);
  });

  test('of networks takes those that neither a container nor a project has', () => {
    const run = inFolder('scaled', 'services: {web: {image: busybox, command: sleep 100, scale: 0}}\n');
    expect(run('up', '-d').code).toBe(0);
    for (const name of ['used', 'unused']) orc('network', 'create', name);
    orc('container', 'create', '--name', 'on-it', '--network', 'used', 'busybox');
    expect(deleted('network', '--filter', 'until=1h')).toEqual({ NetworksDeleted: [] });
    expect(orc('network', 'prune', '-f').stdout).toBe('Deleted Networks:\nunused\n\n');
    expect(run('down').code).toBe(0);
  });

  test('of containers takes those that do not run, and counts what they wrote', () => {
    orc('container', 'run', '-d', '--name', 'runs', 'busybox', 'sleep', '1000');
    orc('container', 'run', '--name', 'wrote', 'busybox', 'sh', '-c', 'echo 12345 > /file');
    orc('container', 'create', '--name', 'spared', '--label', 'keep', 'busybox');
    const ids = lines('container', 'ls', '-aq', '--no-trunc', '--filter', 'name=wrote');
    const others = lines('container', 'ls', '-aq', '--no-trunc', '--filter', 'status=created');
    expect(others).toHaveLength(3);
    const found = deleted('container', '--filter', 'label!=keep') as { ContainersDeleted: readonly string[] };
    expect(found).toMatchObject({ SpaceReclaimed: 6 });
    expect(found.ContainersDeleted).toHaveLength(3);
    expect(found.ContainersDeleted).toContain(ids[0]);
    expect(orc('container', 'prune', '-f').stdout).toMatch(
      /^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 0B\n$/,
    );
    expect(lines('container', 'ls', '-a', '--format', '{{.Names}}')).toEqual(['runs']);
    expect(orc('container', 'rm', '-f', 'runs').code).toBe(0);
    expect(orc('network', 'prune', '-f').stdout).toBe('Deleted Networks:\nused\n\n');
    expect(orc('volume', 'prune', '-af').stdout).toMatch(/^Deleted Volumes:\nheld\n/);
  });
});

describe('volume ls', SLOW, () => {
  test('is sorted by name, and refuses filters that it does not know', () => {
    for (const name of ['vol-b', 'vol-a', 'vol-c']) expect(orc('volume', 'create', name).code).toBe(0);
    expect(lines('volume', 'ls', '-q')).toEqual(['vol-a', 'vol-b', 'vol-c']);
    expect(orc('container', 'create', '--name', 'user', '-v', 'vol-b:/b', 'busybox').code).toBe(0);
    expect(lines('volume', 'ls', '-qf', 'dangling=true')).toEqual(['vol-a', 'vol-c']);
    expect(orc('volume', 'ls', '-f', 'dangling=maybe').code).toBe(2);
    expect(orc('volume', 'ls', '-f', 'bogus=1').code).toBe(2);
    for (const name of ['net-b', 'net-a']) expect(orc('network', 'create', name).code).toBe(0);
    expect(lines('network', 'ls', '--format', '{{.Name}}')).toEqual([
      'bridge',
      'host',
      'net-a',
      'net-b',
      'none',
    ]);
  });
});
