/** The verbs of a project: what each changes, and what it leaves alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const COMPOSE = `
x-idle: &idle
  image: busybox
  init: true
  command: sh -c 'echo started $$HOSTNAME; exec sleep 1000'
services:
  web:
    <<: *idle
    depends_on: [db]
    ports: ["127.0.0.1::80"]
    environment: {COLOUR: "\${COLOUR:-red}"}
    configs: [settings]
  db:
    <<: *idle
    volumes: ["data:/data"]
    secrets: [key]
  side: *idle
  tool:
    <<: *idle
    profiles: [tools]
volumes: {data: {}}
configs: {settings: {file: ./settings}}
secrets: {key: {file: ./key}}
`;
const FILES = { settings: 'one', key: 'hush' };

let lab: ComposeLab;
let project: LabProject;
let before: Readonly<Record<string, string>> | undefined;

/** Containers that are others than before, or new, or gone. */
async function changed(): Promise<readonly string[]> {
  const [old, after] = [before ?? {}, await project.ids()];
  const names = new Set([...Object.keys(old), ...Object.keys(after)]);
  return [...names]
    .filter((name) => old[name] !== after[name])
    .map((name) => name.replace(`${project.name}-`, ''))
    .sort();
}
const statuses = async (): Promise<Readonly<Record<string, string>>> => {
  const all = await lab.instance.client.listContainers({ all: true });
  const own = all.filter((each) => each.name.startsWith(`${project.name}-`));
  return Object.fromEntries(own.map((each) => [each.name.replace(`${project.name}-`, ''), each.status]));
};

beforeAll(async () => {
  lab = await startComposeLab();
});
afterAll(() => lab?.close());

beforeEach(async () => {
  project = lab.project('verbs', COMPOSE, FILES);
  if (await isAsBefore()) return;
  project.ok(['up', '-d', '--remove-orphans']);
  before = await project.ids();
  expect(Object.keys(before).sort()).toEqual(['verbs-db-1', 'verbs-side-1', 'verbs-web-1']);
});

/** A test that left all as it was needs nothing done after it. */
const isAsBefore = async (): Promise<boolean> =>
  before !== undefined &&
  (await changed()).length === 0 &&
  Object.values(await statuses()).every((status) => status === 'running');

describe('up', () => {
  test('again changes nothing', async () => {
    project.ok(['up', '-d']);
    expect(await changed()).toEqual([]);
  });

  test.each<[string, () => Readonly<Record<string, string>> | undefined, readonly string[]]>([
    ['an environment value', () => ({ COLOUR: 'blue' }), ['web-1']],
    ['the content of a config', () => void project.write('settings', 'two'), ['web-1']],
    ['the content of a secret', () => void project.write('key', 'louder'), ['db-1']],
    [
      'a label',
      () =>
        void project.write(
          'compose.yaml',
          COMPOSE.replace('side: *idle', 'side: {<<: *idle, labels: [a=b]}'),
        ),
      ['side-1'],
    ],
  ])('%s recreates just those that use it', async (_, change, expected) => {
    const env = change() ?? {};
    const dry = project.orc(['up', '-d', '--dry-run'], { env });
    for (const name of expected) expect(dry.stdout + dry.stderr).toContain(`verbs-${name}`);
    expect(dry.code).toBe(0);
    expect(await changed()).toEqual([]);
    project.ok(['up', '-d'], { env });
    expect(await changed()).toEqual(expected);
  });

  test('SERVICE takes its dependencies along, --no-deps does not', async () => {
    project.ok(['down', '-t', '0']);
    project.ok(['up', '-d', '--no-deps', 'web']);
    expect(Object.keys(await statuses())).toEqual(['web-1']);
    project.ok(['down', '-t', '0']);
    project.ok(['up', '-d', 'web']);
    expect(Object.keys(await statuses()).sort()).toEqual(['db-1', 'web-1']);
  });

  test('--force-recreate, --no-recreate', async () => {
    project.ok(['up', '-d', '--no-recreate'], { env: { COLOUR: 'green' } });
    expect(await changed()).toEqual([]);
    project.ok(['up', '-d', '--force-recreate', '--no-deps', 'web']);
    expect(await changed()).toEqual(['web-1']);
    project.ok(['up', '-d', '--force-recreate']);
    expect(await changed()).toEqual(['db-1', 'side-1', 'web-1']);
  });

  test('--no-recreate makes what is missing as the file is now, beside what is there', async () => {
    const env = { COLOUR: 'green' };
    project.ok(['up', '-d', '--no-deps', '--no-recreate', '--scale', 'web=2', 'web'], { env });
    expect(await changed()).toEqual(['web-2']);
    const colourOf = async (slot: number): Promise<unknown> =>
      (await project.container('web', slot)).spec.env?.['COLOUR'];
    expect([await colourOf(1), await colourOf(2)]).toEqual(['red', 'green']);
    project.ok(['up', '-d', '--scale', 'web=2'], { env });
    expect([await colourOf(1), await colourOf(2)]).toEqual(['green', 'green']);
  });

  test('--scale and scale keep the containers that stay', async () => {
    project.ok(['up', '-d', '--scale', 'side=3']);
    expect(await changed()).toEqual(['side-2', 'side-3']);
    project.ok(['scale', 'side=2']);
    expect(await changed()).toEqual(['side-2']);
    project.ok(['up', '-d']);
    expect(await changed()).toEqual([]);
    project.ok(['up', '-d', '--scale', 'side=0']);
    expect(await changed()).toEqual(['side-1']);
  });

  test('--remove-orphans removes what the file no longer has, and only then', async () => {
    project.write('compose.yaml', COMPOSE.replace('  side: *idle\n', ''));
    expect(project.orc(['up', '-d']).stderr).toContain('side');
    expect(await changed()).toEqual([]);
    project.ok(['up', '-d', '--remove-orphans']);
    expect(await changed()).toEqual(['side-1']);
  });

  test('a profile, and a service of one that is named', async () => {
    project.ok(['--profile', 'tools', 'up', '-d']);
    expect(await changed()).toEqual(['tool-1']);
    project.ok(['--profile', 'tools', 'down', '-t', '0']);
  });

  test('--no-start and create make and do not start', async () => {
    project.ok(['down', '-t', '0']);
    project.ok(['create']);
    expect(await statuses()).toEqual({ 'db-1': 'created', 'side-1': 'created', 'web-1': 'created' });
    project.ok(['start']);
    expect(await statuses()).toEqual({ 'db-1': 'running', 'side-1': 'running', 'web-1': 'running' });
  });
});

describe('stop, start, restart, kill, rm, down', () => {
  test('stop and start keep the containers', async () => {
    project.ok(['stop', '-t', '5', 'side']);
    expect((await statuses())['side-1']).toBe('exited');
    project.ok(['start', 'side']);
    expect((await statuses())['side-1']).toBe('running');
    expect(await changed()).toEqual([]);
    expect((await project.container('side')).attempt).toBe(2);
  });

  test('start waits for dependencies: what it says has started has', async () => {
    project.ok(['stop']);
    project.ok(['start']);
    expect(await statuses()).toEqual({ 'db-1': 'running', 'side-1': 'running', 'web-1': 'running' });
  });

  test('restart restarts in place; up starts what was stopped', async () => {
    const { pid } = await project.container('side');
    project.ok(['restart', 'side']);
    expect((await project.container('side')).pid).not.toBe(pid);
    project.ok(['stop']);
    project.ok(['up', '-d']);
    expect(await changed()).toEqual([]);
    expect((await statuses())['web-1']).toBe('running');
  });

  test('kill ends at once, or sends a signal', async () => {
    project.ok(['kill', 'side']);
    expect((await project.container('side')).exit?.code).toBe(137);
    project.ok(['start', 'side']);
    project.ok(['kill', '-s', 'WINCH', 'side']);
    expect((await project.container('side')).status).toBe('running');
    project.ok(['kill', '-s', 'TERM', 'side']);
    await expect.poll(async () => (await statuses())['side-1']).toBe('exited');
    expect((await project.container('side')).exit?.code).toBe(143);
  });

  test('rm removes what is stopped, with -s also what runs', async () => {
    project.ok(['rm', '-f']);
    expect(await changed()).toEqual([]);
    project.ok(['stop', 'side']);
    project.ok(['rm', '-f']);
    expect(await changed()).toEqual(['side-1']);
    project.ok(['rm', '-fs', 'db']);
    expect(await changed()).toEqual(['db-1', 'side-1']);
  });

  test('down removes containers and networks, -v volumes and what is in them too', async () => {
    const names = (noun: string): string => project.ok([noun, 'ls', '--format', '{{.Name}}']);
    await project.sh('db', 'echo kept > /data/file');
    project.ok(['down', '-t', '0']);
    expect(await project.ids()).toEqual({});
    expect(names('network')).not.toContain('verbs');
    expect(names('volume')).toContain('verbs_data');
    project.ok(['up', '-d']);
    expect(await project.sh('db', 'cat /data/file')).toBe('kept');
    project.ok(['down', '-v', '-t', '0']);
    expect(names('volume')).not.toContain('verbs');
    project.ok(['up', '-d']);
    expect(await project.sh('db', 'ls /data')).toBe('');
  });
});

describe('run and exec', () => {
  test('run --rm: its exit code, its output, dependencies started, nothing left', async () => {
    project.ok(['down', '-t', '0']);
    const { code, stdout } = project.orc(['run', '--rm', '-T', 'web', 'sh', '-c', 'echo out; exit 42']);
    expect({ code, stdout }).toEqual({ code: 42, stdout: 'out\n' });
    expect(Object.keys(await statuses())).toEqual(['db-1']);
  });

  test('run has the service’s environment, configs, volumes and network, not its ports', async () => {
    const script = 'echo $COLOUR; cat /settings; ping -c1 -W1 db >/dev/null && echo found';
    expect(project.ok(['run', '--rm', '-T', '-e', 'COLOUR=own', 'web', 'sh', '-c', script])).toBe(
      'own\nonefound\n',
    );
  });

  test.each([
    [['no-such-program'], 127],
    [['/etc/passwd'], 126],
  ])('run %s ends with %i', (command, code) => {
    expect(project.orc(['run', '--rm', '-T', '--no-deps', 'side', ...command]).code).toBe(code);
  });

  test('exec -T: input, output, exit code, user, folder, environment', () => {
    const { code, stdout, stderr } = project.orc(
      [
        'exec',
        '-T',
        '-u',
        '7',
        '-w',
        '/tmp',
        '-e',
        'A=b',
        'side',
        'sh',
        '-c',
        'id -u; pwd; echo $A; cat; echo e >&2; exit 5',
      ],
      { input: 'given\n' },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 5, stdout: '7\n/tmp\nb\ngiven\n', stderr: 'e\n' });
  });
});

describe('what is shown', () => {
  test('logs --tail, of chosen services', async () => {
    await expect.poll(() => project.ok(['logs', '--tail', '1', 'side'])).toMatch(/side-1 +\| started/);
    expect(project.ok(['logs', '--no-log-prefix', '--tail', '0', 'side'])).toBe('');
  });

  test('up in the foreground: logs of all but attach: false, and the exit code that was asked for', () => {
    const loud = `image: busybox, command: sh -c 'echo loud; sleep 0.5; exit 6'`;
    const quiet = `image: busybox, init: true, attach: false, command: sh -c 'echo quiet; exec sleep 1000'`;
    const shown = lab.project('shown', `services:\n  a: {${loud}}\n  b: {${quiet}}\n`);
    const { code, stdout } = shown.orc(['up', '--exit-code-from', 'a']);
    expect(code).toBe(6);
    expect(stdout).toMatch(/a-1 +\| loud/);
    expect(stdout).not.toContain('quiet');
    shown.ok(['down']);
  });

  test('ps --format json', () => {
    const rows = project
      .ok(['ps', '--format', 'json'])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .flat();
    expect(rows.map((row) => [row['Service'], row['State']]).sort()).toEqual([
      ['db', 'running'],
      ['side', 'running'],
      ['web', 'running'],
    ]);
  });

  test('port', async () => {
    const hostPort = (await project.container('web')).ports[0]?.hostPort;
    expect(project.ok(['port', 'web', '80']).trim()).toBe(`127.0.0.1:${hostPort}`);
    expect(project.orc(['port', 'web', '81']).code).toBe(1);
  });

  test('config: all of it, services, and wrong files with place and code 2', () => {
    expect(project.ok(['config'])).toContain('COLOUR: red');
    expect(project.ok(['config', '--services']).trim().split('\n').sort()).toEqual(['db', 'side', 'web']);
    project.write('compose.yaml', COMPOSE.replace('x-idle: &idle', 'servces: {}\nx-idle: &idle'));
    const { code, stderr } = project.orc(['config']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/compose\.yaml:2:1/);
  });

  test('ls and images', () => {
    expect(project.ok(['ls'])).toMatch(/verbs +running\(3\)/);
    expect(project.ok(['images'])).toMatch(/busybox/);
  });
});

describe('two files of one project', () => {
  const one = (name: string): string => `
services: {${name}: {image: busybox, command: sleep 1000, stop_grace_period: 0s, volumes: ["v${name}:/v"]}}
volumes: {v${name}: }
`;
  const volumes = async (): Promise<readonly string[]> => {
    const all = await lab.instance.client.listVolumes();
    return all
      .map((each) => each.name)
      .filter((name) => name.startsWith('twofold_'))
      .sort();
  };
  const both = (): LabProject => {
    const twofold = lab.project('twofold', one('a'), { 'b.yaml': one('b') });
    twofold.ok(['up', '-d']);
    twofold.ok(['-f', 'b.yaml', 'up', '-d']);
    return twofold;
  };
  const states = async (): Promise<Readonly<Record<string, string>>> => {
    const all = await lab.instance.client.listContainers({ all: true });
    const own = all.filter(({ name }) => name.startsWith('twofold-'));
    return Object.fromEntries(own.map(({ name, status }) => [name, status]));
  };

  test('a verb is about the services of its own file', async () => {
    const twofold = both();
    twofold.ok(['stop']);
    expect(await states()).toEqual({ 'twofold-a-1': 'exited', 'twofold-b-1': 'running' });
    twofold.ok(['-f', 'b.yaml', 'kill']);
    twofold.ok(['start']);
    expect(await states()).toEqual({ 'twofold-a-1': 'running', 'twofold-b-1': 'exited' });
    twofold.ok(['rm', '-sf']);
    expect(await states()).toEqual({ 'twofold-b-1': 'exited' });
    twofold.ok(['-f', 'b.yaml', 'start']);
    expect(await states()).toEqual({ 'twofold-b-1': 'running' });
    twofold.ok(['-p', 'twofold', 'down', '-v']);
  });

  test('down -v leaves what is not in its file, and says so', async () => {
    const twofold = both();
    expect(twofold.orc(['down', '-v']).stderr).toContain('--remove-orphans');
    expect(await states()).toEqual({ 'twofold-b-1': 'running' });
    expect(await volumes()).toEqual(['twofold_vb']);
    twofold.ok(['down', '-v', '--remove-orphans']);
    expect([await states(), await volumes()]).toEqual([{}, ['twofold_vb']]);
    twofold.ok(['down', '-v']);
    expect(await volumes()).toEqual(['twofold_vb']);
    twofold.ok(['-f', 'b.yaml', 'down', '-v']);
    expect(await volumes()).toEqual([]);
  });

  test('files with problems do not stand in the way where the environment names the project', async () => {
    const twofold = both();
    twofold.write('compose.yaml', 'services: [');
    const { code, stderr } = twofold.orc(['stop']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('"orc -p twofold ps"') });
    twofold.ok(['stop'], { env: { COMPOSE_PROJECT_NAME: 'twofold' } });
    expect(await states()).toEqual({ 'twofold-a-1': 'exited', 'twofold-b-1': 'exited' });
    twofold.ok(['down', '-v'], { env: { COMPOSE_PROJECT_NAME: 'twofold' } });
    expect([await states(), await volumes()]).toEqual([{}, []]);
  });

  test('without a file that has it, -p takes all of a project down', async () => {
    const twofold = both();
    twofold.ok(['-p', 'twofold', 'down', '-v']);
    expect([await states(), await volumes()]).toEqual([{}, []]);
  });
});

describe('rm of a container of a service', () => {
  test('is refused while it runs, as of any other', async () => {
    const { code, stderr } = project.orc(['container', 'rm', 'verbs-side-1']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('--force') });
    expect(await changed()).toEqual([]);
    project.ok(['container', 'rm', '-f', 'verbs-side-1']);
    expect(await changed()).toEqual(['side-1']);
  });
});

describe('down --rmi', () => {
  test('removes the images of the files also when the project is down already', () => {
    const built = lab.project(
      'built',
      'services: {a: {build: {dockerfile_inline: FROM busybox}, command: "true"}}',
    );
    built.ok(['build']);
    built.ok(['up', '-d']);
    built.ok(['down']);
    expect(built.ok(['image', 'ls', '-q', 'built-a'])).not.toBe('');
    built.ok(['down', '--rmi', 'local']);
    expect(built.ok(['image', 'ls', '-q', 'built-a'])).toBe('');
  });
});
