/** Attributes that say which files a service has: volumes, secrets, configs. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const COMPOSE = `
name: files
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
services:
  binds:
    <<: *idle
    volumes:
      - ./short:/short
      - ./short:/short-ro:ro
      - ./made-for-it:/made
      - type: bind
        source: ./one-file.txt
        target: /etc/one-file
        read_only: true
      - type: bind
        source: PEER
        target: /slave
        bind: {propagation: rslave}
      - type: bind
        source: PEER
        target: /shared
        bind: {propagation: rshared}
      - type: bind
        source: /dev
        target: /deep
      - type: bind
        source: /dev
        target: /shallow
        bind: {recursive: disabled}
  volumes:
    <<: *idle
    volumes:
      - data:/data
      - data:/data-ro:ro
      - type: volume
        source: data
        target: /part
        volume: {subpath: inner/part}
      - copied:/etc
      - type: volume
        source: bare
        target: /usr
        volume: {nocopy: true}
      - named:/named
      - outside:/outside
      - folder:/folder
      - /anonymous
    depends_on:
      prepares: {condition: service_completed_successfully}
  prepares:
    image: busybox
    command: mkdir -p /data/inner/part
    volumes: [data:/data]
  borrows:
    <<: *idle
    volumes_from: ["lends:ro"]
  lends:
    <<: *idle
    volumes: [data:/lent]
  scratch:
    <<: *idle
    volumes:
      - type: tmpfs
        target: /long
        tmpfs: {size: 3145728, mode: 0700}
  reads:
    <<: *idle
    user: "5:6"
    secrets:
      - plain
      - source: owned
        target: other-name
        uid: "5"
        gid: "6"
        mode: 0440
      - source: from-env
        target: /absolute/secret
    configs:
      - settings
      - source: inline
        target: /etc/app/inline.conf
        uid: "5"
        gid: "6"
        mode: 0400
volumes:
  data:
    labels: {com.example.kind: database}
  copied:
  bare:
  named: {name: files-own-name}
  outside: {external: true, name: files-outside}
  folder:
    driver_opts: {type: none, o: bind, device: FOLDER}
secrets:
  plain: {file: ./plain.secret}
  owned: {file: ./owned.secret}
  from-env: {environment: FROM_ENV}
configs:
  settings: {file: ./settings.conf}
  inline:
    content: |
      who=\${WHO:-nobody}
`;

let lab: ComposeLab;
let project: LabProject;
let peer = '';
const env = { FROM_ENV: 'out of the shell' };
const sh = (service: string, script: string): Promise<string> => project.sh(service, script);

beforeAll(async () => {
  lab = await startComposeLab();
  const folder = join(lab.instance.folder, 'bound');
  mkdirSync(folder);
  peer = sharedMount(lab.instance.folder);
  project = lab.project('files', COMPOSE.replace('FOLDER', folder).replaceAll('PEER', peer), {
    'short/there': 'seen',
    'one-file.txt': 'one file',
    'plain.secret': 'hush',
    'owned.secret': 'mine',
    'settings.conf': 'a=1\n',
  });
  project.ok(['volume', 'create', 'files-outside']);
  project.ok(['up', '-d'], { env });
});
afterAll(async () => {
  if (peer !== '') spawnSync('umount', ['-l', peer]);
  await lab?.close();
});

/** A mount that others can be peers of: the host's own may be private. */
function sharedMount(folder: string): string {
  const path = join(folder, 'peer');
  mkdirSync(path);
  for (const args of [
    ['-t', 'tmpfs', 'tmpfs', path],
    ['--make-shared', path],
  ])
    expect(spawnSync('mount', args).status).toBe(0);
  return path;
}

describe('binds', () => {
  test('short and long, read-only, of a file, made when missing', async () => {
    expect(await sh('binds', 'cat /short/there /etc/one-file')).toBe('seenone file');
    await sh('binds', 'echo new > /short/new');
    expect(readFileSync(join(project.folder, 'short/new'), 'utf8')).toBe('new\n');
    expect(await sh('binds', 'touch /short-ro/x 2>&1 || true')).toContain('Read-only');
    expect(await sh('binds', '(echo x > /etc/one-file) 2>&1 || true')).toContain('Read-only');
    expect(statSync(join(project.folder, 'made-for-it')).isDirectory()).toBe(true);
  });

  test('a long bind without create_host_path is refused when its source is missing', () => {
    const missing = lab.project(
      'missing',
      `services:\n  a:\n    image: busybox\n    volumes:\n      - {type: bind, source: ./nowhere, target: /x,` +
        ` bind: {create_host_path: false}}\n`,
    );
    const { code, stderr } = missing.orc(['up', '-d']);
    expect(code).toBe(2);
    expect(stderr).toContain('compose.yaml:5:30: service "a": the bind path nowhere does not exist');
    expect(existsSync(join(missing.folder, 'nowhere'))).toBe(false);
    missing.ok(['down']);
  });

  test('propagation', async () => {
    const marks = async (target: string): Promise<string> =>
      sh('binds', `grep ' ${target} ' /proc/self/mountinfo | sed 's/ - .*//'`);
    expect(await marks('/short')).not.toMatch(/shared:|master:/);
    expect(await marks('/slave')).toMatch(/master:/);
    expect(await marks('/shared')).toMatch(/shared:/);
    spawnSync('mkdir', ['-p', join(peer, 'later')]);
    expect(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(peer, 'later')]).status).toBe(0);
    expect(await sh('binds', 'grep -c "/later " /proc/mounts')).toBe('2');
    expect(spawnSync('umount', [join(peer, 'later')]).status).toBe(0);
  });

  test('propagation from a mount that has no peers is refused: it would have no effect', () => {
    expect(spawnSync('mount', ['--make-private', peer]).status).toBe(0);
    const service = `a: {image: busybox, volumes: [{type: bind, source: ${peer}, target: /x, bind: {propagation: rslave}}]}`;
    const wrong = lab.project('private', `services:\n  ${service}\n`);
    const { code, stderr } = wrong.orc(['up', '-d']);
    expect(spawnSync('mount', ['--make-shared', peer]).status).toBe(0);
    expect(stderr).toContain(`the mount ${peer} is not shared`);
    expect(code).toBe(1);
    wrong.ok(['down']);
  });

  test('mounts below the source come along unless recursive is off', async () => {
    expect(await sh('binds', 'grep -c " /deep/" /proc/mounts')).not.toBe('0');
    expect(await sh('binds', 'grep -c " /shallow/" /proc/mounts || true')).toBe('0');
  });
});

describe('volumes', () => {
  test('named: read-write, read-only, a path of it', async () => {
    await sh('volumes', 'echo kept > /data/file; echo in > /part/file');
    expect(await sh('volumes', 'cat /data-ro/file /data/inner/part/file')).toBe('kept\nin');
    expect(await sh('volumes', 'touch /data-ro/x 2>&1 || true')).toContain('Read-only');
  });

  test.each([
    ['absent', 1, 'the volume subpath_v has no absent'],
    ['../..', 2, 'services.a.volumes.0.volume.subpath: "../.." leads out of the volume'],
  ])('the subpath %s is refused', (subpath, exit, said) => {
    const wrong = lab.project(
      'subpath',
      `services:\n  a:\n    image: busybox\n    volumes:\n      - {type: volume, source: v, target: /x,` +
        ` volume: {subpath: "${subpath}"}}\nvolumes: {v: {}}\n`,
    );
    const { code, stderr } = wrong.orc(['up', '-d']);
    expect(stderr).toContain(said);
    expect(code).toBe(exit);
    wrong.orc(['-p', 'subpath', 'down', '-v']);
  });

  test('a fresh one gets what the image has there, with nocopy it does not', async () => {
    expect(await sh('volumes', 'test -s /etc/passwd && echo yes')).toBe('yes');
    expect(await sh('volumes', 'ls -A /usr')).toBe('');
  });

  test('what was emptied is not filled again', async () => {
    await sh('volumes', 'rm /etc/group');
    project.ok(['up', '-d', '--force-recreate', '--no-deps', 'volumes'], { env });
    expect(await sh('volumes', 'ls /etc/group 2>&1 || true')).toContain('No such file');
  });

  test('names and labels', async () => {
    const names = project.ok(['volume', 'ls', '--format', '{{.Name}}']).trim().split('\n');
    expect(names).toEqual(
      expect.arrayContaining(['files_data', 'files_copied', 'files-own-name', 'files-outside']),
    );
    expect(names).not.toContain('files_outside');
    expect(project.ok(['volume', 'inspect', 'files_data'])).toContain('"com.example.kind": "database"');
  });

  test('o: bind is a folder of the host', async () => {
    await sh('volumes', 'echo host > /folder/file');
    expect(readFileSync(join(lab.instance.folder, 'bound/file'), 'utf8')).toBe('host\n');
  });

  test('one that was made by hand or by another project is used, with a warning, and left by down -v', async () => {
    project.ok(['volume', 'create', 'theirs_hand']);
    const theirs = lab.project(
      'theirs',
      'services:\n  a: {image: busybox, init: true, command: sleep 1000, volumes: [hand:/h, files:/f, own:/o]}\n' +
        'volumes: {hand: {}, files: {name: files_data}, own: {}}\n',
    );
    const { code, stderr } = theirs.orc(['up', '-d']);
    expect(code).toBe(0);
    expect(stderr).toContain('volume theirs_hand exists already and was not made by a project: it is used');
    expect(stderr).toContain('volume files_data exists already and belongs to project files: it is used');
    expect(await theirs.sh('a', 'cat /f/file')).toBe('kept');
    theirs.ok(['down', '-v', '-t', '0']);
    const left = project.ok(['volume', 'ls', '--format', '{{.Name}}']).trim().split('\n');
    expect(left).toEqual(expect.arrayContaining(['theirs_hand', 'files_data']));
    expect(left).not.toContain('theirs_own');
    project.ok(['volume', 'rm', 'theirs_hand']);
  });

  test('an external one that does not exist is refused', () => {
    const absent = lab.project(
      'absent',
      'services: {a: {image: busybox, volumes: [v:/v]}}\nvolumes: {v: {external: true}}\n',
    );
    const { code, stderr } = absent.orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/volume v .*not|no .*volume.* v/);
  });

  test('anonymous ones stay with the slot over a replacement', async () => {
    await sh('volumes', 'echo same > /anonymous/file');
    project.ok(['up', '-d', '--force-recreate', '--no-deps', 'volumes'], { env });
    expect(await sh('volumes', 'cat /anonymous/file')).toBe('same');
    project.ok(['up', '-d', '--force-recreate', '--no-deps', '-V', 'volumes'], { env });
    expect(await sh('volumes', 'ls /anonymous')).toBe('');
  });

  test('volumes_from', async () => {
    expect(await sh('borrows', 'test -d /lent && touch /lent/x 2>&1 || true')).toContain('Read-only');
  });

  test('tmpfs in its long form', async () => {
    expect(await sh('scratch', 'stat -c %a /long')).toBe('700');
    expect(await sh('scratch', "df -k /long | tail -1 | awk '{print $2}'")).toBe('3072');
  });
});

describe('secrets and configs', () => {
  test('contents and places', async () => {
    expect(await project.sh('reads', 'cat /run/secrets/plain', { user: '0' })).toBe('hush');
    expect(await sh('reads', 'cat /run/secrets/other-name')).toBe('mine');
    expect(await sh('reads', 'cat /absolute/secret')).toBe('out of the shell');
    expect(await sh('reads', 'cat /settings /etc/app/inline.conf')).toBe('a=1\nwho=nobody');
  });

  test('uid, gid, mode', async () => {
    const stat = 'stat -c "%u:%g %a"';
    expect(await sh('reads', `${stat} /run/secrets/other-name`)).toBe('5:6 440');
    expect(await sh('reads', `${stat} /etc/app/inline.conf`)).toBe('5:6 400');
    expect(await sh('reads', `${stat} /run/secrets/plain`)).toBe('0:0 444');
  });

  test('nothing of a secret is in what inspect shows', () => {
    expect(project.ok(['container', 'inspect', 'files-reads-1'])).not.toMatch(/hush|aHVzaA/);
  });

  test('nor in logs, events, the configuration that is shown, or any file of the instance', () => {
    const secret = 'out of the shell';
    const forms = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
    const tells = (text: string): boolean => forms.some((form) => text.includes(form));
    const said = {
      log: lab.instance.log(),
      logs: project.ok(['logs'], { env }),
      events: project.ok(['events', '--since', '1h', '--until', '0s'], { env }),
      inspect: project.ok(['container', 'inspect', 'files-reads-1']),
    };
    expect(said.events).toContain('start');
    expect(Object.entries(said).filter(([, text]) => tells(text))).toEqual([]);
    const files = readdirSync(join(lab.instance.folder, 'root'), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name));
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((path) => tells(readFileSync(path, 'latin1')))).toEqual([]);
  });
});

test('down keeps volumes, down -v removes the project’s own and never an external one', () => {
  const names = (): readonly string[] =>
    project.ok(['volume', 'ls', '--format', '{{.Name}}']).trim().split('\n');
  project.ok(['down', '-t', '0'], { env });
  expect(names()).toContain('files_data');
  project.ok(['down', '-v'], { env });
  // As with docker, nothing but the container knew whose the volumes without a name are: they stay.
  const left = names().filter((name) => name.startsWith('files'));
  const anonymous = left.filter((name) => /^files_volumes_1_[0-9a-f]{64}$/.test(name));
  expect(left.filter((name) => !anonymous.includes(name))).toEqual(['files-outside']);
  expect(anonymous).toHaveLength(1);
  project.ok(['volume', 'rm', ...anonymous]);
});
