/** Attributes of a service that say what runs: program, surroundings, names, ends. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const COMPOSE = `
name: proc
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
services:
  words:
    <<: *idle
    entrypoint: [sh, -c, 'echo "$$RAW|$$0|$$1|$$GREETING|$$FROM_FILE|$$BOTH|$$EMPTY|$$FROM_SHELL"; exec sleep 1000']
    command: ["zero", "one two"]
    environment:
      GREETING: hello
      BOTH: environment
      EMPTY: ""
      FROM_SHELL:
    env_file:
      - one.env
      - path: absent.env
        required: false
      - path: raw.env
        format: raw
  line:
    <<: *idle
    init: false
    command: sh -c 'echo "quoted $$0 $\${HOME}"; exec sleep 1000'
  person:
    <<: *idle
    user: "1000:1001"
    group_add: ["2000", "audio"]
    working_dir: /made/here
    hostname: somehost
    domainname: example.test
    labels:
      com.example.one: "1"
    label_file: more.labels
    annotations:
      com.example.note: kept
  named:
    <<: *idle
    init: false
    container_name: my-own-name
    labels: [com.example.list=yes]
  terminal:
    image: busybox
    tty: true
    stdin_open: true
    command: sh -c 'tty; stty size; read line; echo "got $$line"; exec sleep 1000'
  input:
    image: busybox
    stdin_open: true
    command: sh -c 'read line; echo "got $$line"; exec sleep 1000'
  signalled:
    image: busybox
    init: false
    stop_signal: SIGUSR1
    command: sh -c 'trap "echo usr1; exit 7" USR1; while :; do sleep 0.05; done'
  stubborn:
    image: busybox
    stop_grace_period: 300ms
    command: sh -c 'trap "echo no" TERM; while :; do sleep 0.05; done'
  silent:
    image: busybox
    logging: {driver: none}
    command: sh -c 'echo unheard; exec sleep 1000'
  chatty:
    image: busybox
    logging:
      driver: json-file
      options: {max-size: 64k, max-file: "2"}
    command: sh -c 'seq 20000; exec sleep 1000'
  extra:
    <<: *idle
    profiles: [more]
  platform:
    <<: *idle
    platform: linux/ARCH
    pull_policy: never
`;

/** Of a service that says nothing of it. */
const GRACE_MS = 10_000;

let lab: ComposeLab;
let project: LabProject;

beforeAll(async () => {
  lab = await startComposeLab();
  const compose = COMPOSE.replace('ARCH', process.arch === 'x64' ? 'amd64' : 'arm64');
  project = lab.project('proc', compose, {
    'one.env': 'FROM_FILE="from file" # said why\nBOTH=file\n',
    'raw.env': 'RAW="kept" # so\n',
    'more.labels': 'com.example.two=2\n',
  });
  project.ok(['up', '-d'], { env: { FROM_SHELL: 'shell' } });
});
afterAll(() => lab?.close());

const eventually = (read: () => Promise<string>, what: RegExp): Promise<void> =>
  expect.poll(read).toMatch(what);

describe('program and environment', () => {
  test('entrypoint, command, environment, env_file, values of the shell', async () => {
    await eventually(
      () => project.logs('words'),
      /^"kept" # so\|zero\|one two\|hello\|from file\|environment\|\|shell\n$/,
    );
  });

  test('a command in one line is split as a shell does, its dollars kept', async () => {
    await eventually(() => project.logs('line'), /^quoted sh \/root\n$/);
  });

  test('init is pid 1 where asked for, the program where not', async () => {
    const first = "tr '\\0' ' ' < /proc/1/cmdline";
    expect(await project.sh('words', first)).not.toBe('sleep 1000');
    expect(await project.sh('line', first)).toBe('sleep 1000');
  });

  test('a profile that is not asked for stays out', async () => {
    expect(Object.keys(await project.ids())).not.toContain('proc-extra-1');
    project.ok(['--profile', 'more', 'up', '-d', 'extra'], { env: { FROM_SHELL: 'shell' } });
    expect((await project.container('extra')).status).toBe('running');
  });

  test('platform and pull_policy never take the image that is here', async () => {
    expect((await project.container('platform')).status).toBe('running');
  });
});

describe('identity', () => {
  test('user, group_add, working_dir, hostname, domainname', async () => {
    expect(await project.sh('person', 'id -u; id -g; id -G; pwd')).toBe(
      '1000\n1001\n1001 29 2000\n/made/here'.replace('29', String(await audio())),
    );
    expect(await project.sh('person', 'hostname; cat /proc/sys/kernel/domainname')).toBe(
      'somehost\nexample.test',
    );
    expect(await project.sh('person', 'grep -c somehost /etc/hosts')).toBe('1');
  });

  const audio = async (): Promise<string> =>
    (await project.sh('person', 'grep ^audio: /etc/group')).split(':')[2] ?? '';

  test('labels of the file, of label_file, and those that tools read', async () => {
    const { spec } = await project.container('person');
    expect(spec.labels).toMatchObject({
      'com.example.one': '1',
      'com.example.two': '2',
      'com.docker.compose.project': 'proc',
      'com.docker.compose.service': 'person',
      'com.docker.compose.project.working_dir': project.folder,
    });
    expect(spec.annotations).toEqual({ 'com.example.note': 'kept' });
  });

  test('container_name', async () => {
    const found = await lab.instance.client.getContainer('my-own-name');
    expect(found.spec.labels?.['com.example.list']).toBe('yes');
  });
});

describe('terminal and input', () => {
  const attach = async (service: string): Promise<void> => {
    const { client } = lab.instance;
    const streams = { stdin: true, stdout: true, stderr: true };
    const duplex = await client.attachContainer(`proc-${service}-1`, streams);
    await duplex.write(Buffer.from('a line\n'));
    await eventually(() => project.logs(service), /got a line/);
    duplex.close();
  };

  test('tty gives a terminal', async () => {
    await eventually(() => project.logs('terminal'), /^\/dev\/(pts\/0|console)\r\n/);
    await attach('terminal');
  });

  test('stdin_open keeps the input open', () => attach('input'));
});

describe('ends and logs', () => {
  test('stop_signal', async () => {
    project.ok(['stop', 'signalled']);
    expect((await project.container('signalled')).exit?.code).toBe(7);
  });

  test('stop_grace_period', async () => {
    const began = performance.now();
    project.ok(['stop', 'stubborn']);
    expect(performance.now() - began).toBeLessThan(GRACE_MS);
    expect((await project.container('stubborn')).exit?.code).toBe(137);
    expect(await project.logs('stubborn')).toBe('no\n');
  });

  test('logging none keeps nothing; max-size and max-file rotate', async () => {
    expect(await project.logs('silent').catch((error: Error) => error.message)).not.toMatch(/unheard/);
    await eventually(() => project.logs('chatty'), /\n20000\n$/);
    const kept = await project.logs('chatty');
    expect(kept.length).toBeLessThan(150_000);
    expect(kept).not.toMatch(/^1\n/);
  });
});
