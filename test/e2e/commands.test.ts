/** The command line against a real daemon: what docker's users do all day, and what it leaves. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
const { orc, out } = lab;

/** A folder with one compose file, of the project that bears its name. */
function project(name: string, lines: readonly string[]): (...args: readonly string[]) => CommandResult {
  return (...args) => {
    const cwd = join(lab.instance.folder, name);
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'compose.yaml'), lines.join('\n'));
    return lab.instance.orc(args, { cwd });
  };
}

describe('container start -a', SLOW, () => {
  test('starts again what has ended, shows what it says and ends as it does', () => {
    out('container', 'create', '--name', 'again', 'busybox', 'sh', '-c', 'echo said; exit 3');
    for (const time of ['first', 'second', 'third']) {
      const { code, stdout } = orc('container', 'start', '-a', 'again');
      expect({ time, code, stdout }).toEqual({ time, code: 3, stdout: 'said\n' });
    }
  });

  test('with -i it passes on what is typed, also the second time', () => {
    out('container', 'create', '-i', '--name', 'reader', 'busybox', 'cat');
    for (const input of ['one\n', 'two\n']) {
      const { code, stdout } = lab.instance.orc(['container', 'start', '-ai', 'reader'], { input });
      expect({ code, stdout }).toEqual({ code: 0, stdout: input });
    }
  });

  test('whoever attached and left before a start does not keep others from attaching', async () => {
    out('container', 'create', '--name', 'left', 'busybox', 'echo', 'heard');
    const early = await lab.instance.client.attachContainer('left', {
      stdin: false,
      stdout: true,
      stderr: true,
    });
    early.close();
    await expect.poll(() => orc('container', 'start', '-a', 'left').stdout).toBe('heard\n');
  });
});

describe('profiles', SLOW, () => {
  const run = project('lab', [
    'services:',
    '  web: { image: busybox, command: sleep 1000, stop_grace_period: 0s }',
    '  probe: { image: busybox, command: sleep 1000, stop_grace_period: 0s, profiles: [debug] }',
    '',
  ]);

  test('what a profile has started runs on when an up without it removes orphans', () => {
    expect(run('--profile', 'debug', 'up', '-d').code).toBe(0);
    for (const flags of [['-d'], ['-d', '--remove-orphans'], ['-d', '--force-recreate']])
      expect(run('up', ...flags).stderr).not.toMatch(/orphan|not in the file|probe/);
    expect(run('ps', '--services').stdout).toBe('probe\nweb\n');
    expect(run('down').code).toBe(0);
    expect(run('ps', '-aq').stdout).toBe('');
  });
});

describe('names', SLOW, () => {
  const names = 'echo $HOSTNAME $(hostname) $(cat /etc/hostname)';

  test('on the network of the host a container has the name of the host', () => {
    const own = hostname();
    expect(out('container', 'run', '--rm', '--network', 'host', 'busybox', 'sh', '-c', names)).toBe(
      `${own} ${own} ${own}`,
    );
    const given = ['container', 'run', '--rm', '--network', 'host', '--hostname', 'mine', 'busybox'];
    expect(out(...given, 'sh', '-c', names)).toBe('mine mine mine');
  });

  test('who joins the network of another has its names and its files, also after the daemon was away', async () => {
    const id = out(
      'container',
      'run',
      '-d',
      '--name',
      'joined',
      '--hostname',
      'door',
      'busybox',
      'sleep',
      '1000',
    );
    const host = out(
      'container',
      'run',
      '-d',
      '--name',
      'hosted',
      '--network=host',
      'busybox',
      'sleep',
      '1000',
    );
    const beside = (target: string, ...argv: readonly string[]): string =>
      out('container', 'run', '--rm', '--network', `container:${target}`, 'busybox', ...argv);
    const files = ['cat', '/etc/hosts', '/etc/resolv.conf', '/etc/hostname'];
    const same = (): void => {
      expect(beside('joined', 'sh', '-c', names)).toBe('door door door');
      expect(beside('joined', ...files)).toBe(out('container', 'exec', 'joined', ...files));
      expect(beside('hosted', 'hostname')).toBe(hostname());
    };
    same();
    await lab.instance.stop();
    await lab.instance.start();
    same();
    out('container', 'rm', '-f', id, host);
  });

  test('a service that joins another has its name', () => {
    const run = project('side', [
      'services:',
      '  a: { image: busybox, command: sleep 1000, stop_grace_period: 0s, hostname: first }',
      '  b: { image: busybox, command: sleep 1000, stop_grace_period: 0s, network_mode: "service:a" }',
      '',
    ]);
    expect(run('up', '-d').code).toBe(0);
    expect(run('exec', '-T', 'b', 'sh', '-c', names).stdout).toBe('first first first\n');
    expect(run('down').code).toBe(0);
  });
});

describe('inspect', SLOW, () => {
  const field = (name: string, text: string): unknown =>
    JSON.parse(out('container', 'inspect', '--format', `{{json ${text}}}`, name));

  test('mounts have their places on the host, and say what is read-only', () => {
    const run = project('mounts', [
      'services:',
      '  web:',
      '    image: busybox',
      '    container_name: mounted',
      '    logging: { driver: json-file, options: { max-size: 1m, max-file: "2" } }',
      '    configs: [conf]',
      '    secrets: [token]',
      '    volumes: ["data:/data", /anonymous]',
      'configs: { conf: { content: x } }',
      'secrets: { token: { file: ./compose.yaml } }',
      'volumes: { data: {} }',
      '',
    ]);
    expect(run('create').code).toBe(0);
    expect(run('start').code).toBe(0);
    const mounts = field('mounted', '.Mounts') as readonly Record<string, unknown>[];
    const byTarget = Object.fromEntries(mounts.map((each) => [each['Destination'], each]));
    expect(byTarget['/data']).toMatchObject({
      Name: 'mounts_data',
      Source: JSON.parse(out('volume', 'inspect', 'mounts_data'))[0].Mountpoint,
      RW: true,
    });
    expect(byTarget['/anonymous']).toMatchObject({ Type: 'volume', RW: true });
    expect(byTarget['/anonymous']?.['Source']).toMatch(/^\/.+\/_data$/);
    expect(byTarget['/conf']).toMatchObject({ RW: false });
    expect(byTarget['/run/secrets/token']).toMatchObject({ RW: false });
    expect(field('mounted', '.HostConfig.LogConfig')).toEqual({
      Type: 'json-file',
      Config: { 'max-file': '2', 'max-size': '1m' },
    });
    expect(field('mounted', '.HostConfig.NetworkMode')).toBe('mounts_default');
    expect(run('down', '-v').code).toBe(0);
  });

  test('the image gives what its user did not, and what is not there is null', () => {
    out('container', 'create', '--name', 'plain', '--env', 'A=1', 'busybox');
    expect(field('plain', '.Config.Cmd')).toEqual(['sh']);
    expect(field('plain', '.Config.Env')).toEqual([expect.stringMatching(/^PATH=/), 'A=1']);
    expect(field('plain', '.State.Health')).toBe(null);
    out('container', 'rm', 'plain');
  });

  test('addresses in a network have the length of its prefix; host and none are networks in lists', () => {
    out('network', 'create', '--subnet', '10.213.7.0/26', 'little');
    out('container', 'run', '-d', '--name', 'housed', '--network', 'little', 'busybox', 'sleep', '1000');
    const [network] = JSON.parse(out('network', 'inspect', 'little'));
    const [row] = Object.values(network.Containers) as readonly { readonly IPv4Address: string }[];
    expect(row?.IPv4Address).toMatch(/^10\.213\.7\.\d+\/26$/);
    for (const network of ['host', 'none'])
      out('container', 'create', '--name', `in-${network}`, '--network', network, 'busybox');
    const rows = out('container', 'ls', '-a', '--format', '{{.Names}} {{.Networks}}').split('\n');
    expect(rows).toEqual(expect.arrayContaining(['housed little', 'in-host host', 'in-none none']));
    out('container', 'rm', '-f', 'housed', 'in-host', 'in-none');
    out('network', 'rm', 'little');
  });
});

describe('up in the foreground', SLOW, () => {
  const lines = (service: string): string => `'for i in 1 2 3; do echo ${service} $$i; done'`;
  const run = project('brief', [
    'services:',
    ...['a', 'b', 'c'].map((name) => `  ${name}: { image: busybox, command: [sh, -c, ${lines(name)}] }`),
    '',
  ]);

  test('prints all that containers say which end at once, and how they end', () => {
    const wanted = ['a', 'b', 'c'].flatMap((name) => [
      ...[1, 2, 3].map((number) => `${name}-1  | ${name} ${number}`),
      `${name}-1  | exited with code 0`,
    ]);
    for (let round = 0; round < 5; round += 1) {
      const { code, stdout } = run('--progress', 'quiet', 'up');
      expect({ code, lines: stdout.trim().split('\n').sort() }).toEqual({ code: 0, lines: wanted.sort() });
    }
    run('down');
  });

  test('after Ctrl-C what containers still say is printed, and how they end', async () => {
    const stay = project('stay', [
      'services:',
      `  one: { image: busybox, command: [sh, -c, 'trap "echo bye; exit 4" TERM; echo hi; while :; do sleep 0.1; done'] }`,
      '',
    ]);
    stay('create');
    const child = lab.instance.spawnOrc(['up'], { cwd: join(lab.instance.folder, 'stay') });
    let stdout = '';
    child.stdout?.on('data', (data) => {
      stdout += String(data);
      if (String(data).includes('| hi')) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stdout }).toEqual({
      code: 130,
      stdout: 'one-1  | hi\none-1  | bye\none-1  | exited with code 4\n',
    });
    stay('down');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'a one-off container hears %s, ends as it will and is removed',
    async (signal) => {
      const job = project('job', ['services: { web: { image: busybox } }', '']);
      job('create');
      const script = `trap "echo bye; exit 4" ${signal.slice(3)}; echo hi; while :; do sleep 0.1; done`;
      const child = lab.instance.spawnOrc(['run', '--rm', 'web', 'sh', '-c', script], {
        cwd: join(lab.instance.folder, 'job'),
      });
      let stdout = '';
      child.stdout?.on('data', (data) => {
        stdout += String(data);
        if (String(data).includes('hi')) child.kill(signal);
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect({ code, stdout }).toEqual({ code: 4, stdout: 'hi\nbye\n' });
      await expect.poll(() => out('container', 'ls', '-aq', '--filter', 'name=job-web-run')).toBe('');
      job('down');
    },
  );

  test('with --abort-on-container-exit those that are stopped are heard out too', () => {
    const both = project('both', [
      'services:',
      '  long: { image: busybox, volumes: ["both:/both"], command: [sh, -c, "trap \'echo end; exit 0\' TERM; touch /both/up; while :; do sleep 0.1; done"] }',
      '  short: { image: busybox, volumes: ["both:/both"], command: [sh, -c, "until [ -e /both/up ]; do sleep 0.1; done; exit 3"] }',
      'volumes: { both: {} }',
      '',
    ]);
    const { code, stdout } = both('--progress', 'quiet', 'up', '--abort-on-container-exit');
    expect(code).toBe(3);
    expect(stdout).toMatch(/short-1 {2}\| exited with code 3\n/);
    expect(stdout).toMatch(/long-1 {3}\| end\n[\s\S]*long-1 {3}\| exited with code 0\n/);
    both('down', '-v');
  });

  test.each([
    ['--abort-on-container-exit', '--abort-on-container-exit'],
    ['--exit-code-from', '--exit-code-from=a'],
    ['nothing else', '--no-color'],
  ])('after a change of the file the end of what it replaces is none, with %s', (_, flag) => {
    const script = (code: number, then: string): string => `trap "exit ${code}" TERM; echo ${code}; ${then}`;
    const old = project('changed', [
      `services: { a: { image: busybox, command: [sh, -c, '${script(3, 'while :; do sleep 0.1; done')}'] } }`,
      '',
    ]);
    expect(old('up', '-d').code).toBe(0);
    const changed = project('changed', [
      `services: { a: { image: busybox, command: [sh, -c, '${script(4, 'sleep 1; exit 4')}'] } }`,
      '',
    ]);
    const { code, stdout, stderr } = changed('--progress', 'quiet', 'up', flag);
    expect({ code, stdout }).toEqual({
      code: flag === '--no-color' ? 0 : 4,
      stdout: 'a-1  | 4\na-1  | exited with code 4\n',
    });
    expect(stderr).not.toContain('error');
    changed('down');
  });

  test('a container that ran out of memory is said to have', () => {
    const hog = project('hungry', [
      'services: { hog: { image: busybox, command: [tail, /dev/zero], mem_limit: 16m } }',
      '',
    ]);
    const { stdout } = hog('--progress', 'quiet', 'up');
    expect(stdout).toBe('hog-1  | exited with code 137 (out of memory)\n');
    hog('down');
  });
});

describe('services of the files that nobody made yet', SLOW, () => {
  const image = '{ image: busybox, init: true, command: sleep 100 }';
  const half = project('half', ['services:', `  made: ${image}`, `  unmade: ${image}`, '']);
  const nothing = { code: 0, stderr: 'warning: nothing of unmade is here\n' };
  test.each([
    ['stop', nothing],
    ['rm', nothing],
    ['logs', nothing],
    ['down', nothing],
    ['ps', { code: 0, stderr: '' }],
    ['start', { code: 1, stderr: expect.stringContaining('service "unmade" has no container') }],
    ['exec', { code: 1, stderr: expect.stringContaining('service "unmade" is not running') }],
  ])('%s knows them', (verb, expected) => {
    if (half('ps', '-q').stdout === '') half('up', '-d', 'made');
    const { code, stderr } = half(verb, 'unmade', ...(verb === 'exec' ? ['true'] : []));
    expect({ code, stderr }).toEqual(expected);
    expect(half(verb, 'unmad', ...(verb === 'exec' ? ['true'] : []))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean unmade?'),
    });
    expect(half('ps', '--services').stdout).toBe('made\n');
  });

  test('an image that others use stays with a warning after down --rmi', () => {
    out('container', 'create', '--name', 'holds', 'busybox');
    const { code, stderr } = half('--progress', 'plain', 'down', '--rmi', 'all');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('Image busybox  Resource is still in use'),
    });
    out('container', 'rm', '-f', 'holds');
    expect(out('image', 'ls', '-q', 'busybox')).not.toBe('');
  });
});

describe('words that node knows too', SLOW, () => {
  test('are the command line’s and the program’s: no file of theirs sets anything for node', () => {
    const run = project('words', ['services:', '  web: { image: "busybox:${TAG}" }', '']);
    run('config');
    writeFileSync(
      join(lab.instance.folder, 'words', 'inj.env'),
      'TAG=given\nNODE_OPTIONS=--require=./none.cjs\n',
    );
    const { code, stdout, stderr } = run('--env-file', 'inj.env', 'config');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('busybox:given');
    const missing = run('--env-file', 'nofile', 'config');
    expect({ code: missing.code, stderr: missing.stderr }).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining('bin/node'),
    });
    const words = ['--env-file=nofile', '--env-file-if-exists', '--experimental-default-config-file'];
    expect(out('container', 'run', '--rm', 'busybox', 'echo', ...words)).toBe(words.join(' '));
  });
});

describe('command lines of processes', SLOW, () => {
  test('tell containers apart, and nothing of the folders of the host', () => {
    const id = out('container', 'run', '-d', '--init', '--name', 'told', 'busybox', 'sleep', '1000');
    const short = id.slice(0, 12);
    const commandOf = (pid: string): string =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    const pid = out('container', 'inspect', '--format', '{{.State.Pid}}', id);
    const shim = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] as string;
    expect(commandOf(shim)).toBe(`orc-shim ${short}`);
    const ps = out('container', 'exec', 'told', 'ps', '-o', 'pid,args');
    expect(ps).toMatch(new RegExp(`^ +1 orc-init ${short}$`, 'm'));
    expect(ps).not.toContain(lab.instance.folder);
    expect(ps).not.toContain('launch');
    expect(lab.instance.leftovers().some((each) => each.includes(`orc-shim ${short}`))).toBe(true);
    out('container', 'rm', '-f', id);
  });
});

test('a dry run says of what is built that its containers follow its context', SLOW, () => {
  const run = project('dry', [
    'services:',
    '  web: { image: dry-web, build: { dockerfile_inline: "FROM busybox" }, init: true, command: sleep 1000 }',
    '',
  ]);
  run('config');
  expect(run('up', '--dry-run').stdout).toContain('build image dry-web\n');
  expect(run('create').code).toBe(0);
  const [build, change] = run('up', '--dry-run').stdout.split('\n');
  expect(build).toContain('build image dry-web if its context changed');
  expect(change).toBe('start container dry-web-1');
  expect(run('up', '-d').code).toBe(0);
  expect(run('up', '--dry-run').stdout).toMatch(/^build image dry-web if .*\nnothing else would change\n$/);
  run('down', '--rmi', 'all');
});

describe('sizes', SLOW, () => {
  test('are what a container wrote, and with its image', () => {
    out(
      'container',
      'run',
      '-d',
      '--name',
      'sized',
      'busybox',
      'sh',
      '-c',
      'head -c 12345 /dev/zero > /f; sleep 1000',
    );
    const image = Number(out('image', 'inspect', '-f', '{{.Size}}', 'busybox'));
    const size = (): string =>
      out('container', 'inspect', '-s', '-f', '{{.SizeRw}} {{.SizeRootFs}}', 'sized');
    expect(out('container', 'ls', '-s', '-f', 'name=sized')).toMatch(
      /SIZE\s+.*sized +12\.3kB \(virtual [\d.]+MB\)/,
    );
    expect(size()).toBe(`12345 ${12_345 + image}`);
    // A second name of the file takes no room, neither does a folder, nor what was removed.
    out('container', 'exec', 'sized', 'sh', '-c', 'ln /f /g; mkdir /d; rm /bin/awk');
    expect(size()).toBe(`12345 ${12_345 + image}`);
    out('container', 'stop', '-t', '0', 'sized');
    expect(size()).toBe(`12345 ${12_345 + image}`);
    out('container', 'rm', '-f', 'sized');
  });
});

describe('inspect', SLOW, () => {
  const mode = (name: string, field = 'NetworkMode'): string =>
    out('container', 'inspect', '-f', `{{.HostConfig.${field}}}`, name);
  const idOf = (name: string): string => out('container', 'inspect', '-f', '{{.Id}}', name);

  test('names by its id whom a container joins, whatever was written', () => {
    out('container', 'run', '-d', '--name', 'host1', 'busybox', 'sleep', '1000');
    const join = ['--network', 'container:host1', '--pid', 'container:host1', '--ipc', 'host'];
    out('container', 'create', '--name', 'guest1', ...join, 'busybox');
    const whole = `container:${idOf('host1')}`;
    expect([mode('guest1'), mode('guest1', 'PidMode'), mode('guest1', 'IpcMode')]).toEqual([
      whole,
      whole,
      'host',
    ]);
    expect([mode('host1'), mode('host1', 'PidMode'), mode('host1', 'IpcMode')]).toEqual([
      'bridge',
      '',
      'private',
    ]);
    out('container', 'rm', '-f', 'host1');
    expect(mode('guest1')).toBe('container:host1');
    out('container', 'rm', 'guest1');
  });

  test('of a service, with the container of the same number', () => {
    const run = project('joined', [
      'services:',
      '  a: { image: busybox, command: sleep 1000, scale: 2, stop_grace_period: 0s }',
      '  b: { image: busybox, command: sleep 1000, scale: 2, stop_grace_period: 0s, network_mode: service:a }',
      '',
    ]);
    expect(run('up', '-d').code).toBe(0);
    for (const slot of [1, 2]) expect(mode(`joined-b-${slot}`)).toBe(`container:${idOf(`joined-a-${slot}`)}`);
    run('down');
  });
});

test('what cannot be started in a container by exec ends with 126, as in docker', SLOW, () => {
  out(
    'container',
    'run',
    '-d',
    '--name',
    'target',
    'busybox',
    'sh',
    '-c',
    'ln -s a /b; ln -s b /a; sleep 1000',
  );
  const code = (...args: readonly string[]): number => orc('container', 'exec', ...args).code;
  expect(code('target', '/a')).toBe(126);
  expect(code('target', '/etc/passwd')).toBe(126);
  expect(code('-u', 'nobody-of-that-name', 'target', 'true')).toBe(126);
  expect(code('-w', '/nosuch', 'target', 'true')).toBe(126);
  expect(code('target', '/nosuch')).toBe(127);
  expect(code('nosuch', 'true')).toBe(1);
  out('container', 'rm', '-f', 'target');
});
