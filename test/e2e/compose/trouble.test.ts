/** Verbs on containers that crash, cannot start, or resist: each comes to an end and says what is the matter. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../lab/instance.ts';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

let lab: ComposeLab;
beforeAll(async () => {
  lab = await startComposeLab();
});
afterAll(() => lab?.close());

const statusOf = async (project: LabProject, service: string): Promise<string> =>
  (await project.container(service)).status;

/** Longer than any of these takes, shorter than the wait of a test. */
const inTime = (project: LabProject, args: readonly string[]): string => {
  const begun = performance.now();
  const said = project.ok(args);
  expect(performance.now() - begun).toBeLessThan(20_000);
  return said;
};

describe('in back-off', () => {
  let project: LabProject;
  beforeAll(async () => {
    project = lab.project(
      'flapping',
      `services:
  base: {image: busybox, init: true, command: sleep 1000}
  flap: {image: busybox, restart: always, depends_on: [base], command: sh -c 'exit 3'}
`,
    );
    project.ok(['up', '-d']);
  });
  /** The pause after the fifth time is 1.6 s: long enough for what is asked to meet it. */
  const backingOff = (): Promise<void> =>
    until(async () => {
      const { status, restarts } = await project.container('flap');
      return status === 'restarting' && restarts >= 5;
    }, 'the fifth restart');

  test.each([['stop'], ['kill']])('%s ends all', async (verb) => {
    await backingOff();
    inTime(project, [verb]);
    expect([await statusOf(project, 'flap'), await statusOf(project, 'base')]).toEqual(['exited', 'exited']);
    inTime(project, [verb]);
    project.ok(['up', '-d']);
  });

  test('restart begins anew, and says no more than that', async () => {
    await backingOff();
    inTime(project, ['restart', '-t', '0']);
    expect(await statusOf(project, 'base')).toBe('running');
    inTime(project, ['container', 'restart', '-t', '0', 'flapping-flap-1']);
  });

  test('up -d does not wait for it, up --wait says why it waits', () => {
    inTime(project, ['up', '-d']);
    project.ok(['down', '-t', '0']);
    const checked = lab.project(
      'checked',
      `services:
  flap: {image: busybox, restart: always, command: sh -c 'exit 3', healthcheck: {test: 'true', interval: 10s}}
`,
    );
    const { code, stderr } = checked.orc(['up', '--wait', '--wait-timeout', '2']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('Restarting (exited 3)');
    checked.ok(['down', '-t', '0']);
  });

  test('^C of up in the foreground stops all', async () => {
    const shown = lab.instance.spawnOrc(['up'], { cwd: project.folder });
    const ended = new Promise<number | null>((resolve) => shown.once('exit', resolve));
    await until(async () => 'flapping-flap-1' in (await project.ids()), 'flap to be made');
    await backingOff();
    shown.kill('SIGINT');
    expect(await ended).toBe(130);
    expect([await statusOf(project, 'flap'), await statusOf(project, 'base')]).toEqual(['exited', 'exited']);
    project.ok(['down']);
  });
});

describe('a port that is taken', () => {
  let taken: Server | undefined;
  afterAll(() => void taken?.close());

  test.each([['no'], ['always']])(
    'up says so with a hint, and starts once it is free; restart: %s',
    async (policy) => {
      taken = createServer();
      await new Promise<void>((resolve) => taken?.listen(0, '127.0.0.1', resolve));
      const { port } = taken.address() as { port: number };
      const project = lab.project(
        `port-${policy}`,
        `services:
  web: {image: busybox, init: true, restart: "${policy}", command: sleep 1000, ports: ["127.0.0.1:${port}:80"]}
`,
      );
      const refused = project.orc(['up', '-d']);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/port .* allocated/) });
      expect(refused.stderr).not.toContain('orc logs');
      const again = project.orc(['start']);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/port .* allocated/) });
      await new Promise((resolve) => taken?.close(resolve));
      const { code, stderr } = project.orc(['up', '-d']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('allocated') });
      expect(await statusOf(project, 'web')).toBe('running');
      project.ok(['down', '-t', '0']);
    },
  );
});

describe('asked for what there is not', () => {
  let project: LabProject;
  beforeAll(() => {
    const web = `{image: busybox, init: true, stop_grace_period: 1s, command: sh -c 'trap "echo heard" HUP; while :; do sleep 0.05; done'}`;
    project = lab.project('asked', `services:\n  web: ${web}\n`);
    project.ok(['up', '-d']);
  });

  test.each(['BOGUS', '99', '0'])('kill -s %s is refused and kills nothing', async (signal) => {
    for (const target of [['web'], []])
      expect(project.orc(['kill', '-s', signal, ...target])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/signal.*\n.*hint/),
      });
    expect(await statusOf(project, 'web')).toBe('running');
  });

  test('kill -s HUP is delivered, and who survives it stays up', async () => {
    await until(async () => {
      project.ok(['kill', '-s', 'HUP']);
      return (await project.logs('web')).includes('heard');
    }, 'the signal to be heard');
    expect(await statusOf(project, 'web')).toBe('running');
  });

  test('kill -s BOGUS is refused though nothing runs', () => {
    expect(project.ok(['kill', '-s', '9', 'web'])).toBe('');
    expect(project.orc(['kill', '-s', 'BOGUS']).code).toBe(2);
    project.ok(['up', '-d']);
  });

  test.each([['/nosuch', 'no such directory in the container: /nosuch']])('exec -w %s: %s', (path, said) => {
    expect(project.orc(['exec', '-T', '-w', path, 'web', 'pwd'])).toMatchObject({
      code: 126,
      stderr: expect.stringContaining(said),
    });
  });

  test('ps -a lists one-off containers', () => {
    project.ok(['run', '-T', '--name', 'once', 'web', 'true']);
    expect(project.ok(['ps', '-a', '--format', '{{.Name}}']).split('\n')).toContain('once');
    expect(project.ok(['ps', '--format', '{{.Name}}'])).not.toContain('once');
    expect(project.ok(['ps', '-a', '--format', '{{.Name}}', 'web'])).toContain('once');
  });
});

describe('what is said', () => {
  const idle = 'image: busybox, init: true, command: sleep 1000';
  let project: LabProject;
  beforeAll(() => {
    project = lab.project('said', `services:\n  web: {${idle}}\n  side: {${idle}}\n`);
  });
  const says = (args: readonly string[]): string => {
    const { code, stderr } = project.orc(args);
    expect({ args, code, stderr }).toMatchObject({ code: 0 });
    return stderr.replaceAll('Container said-', '');
  };

  test('of every container what became of it, of kept ones that they run, of orphans nothing', () => {
    says(['up', '-d', '--scale', 'web=2']);
    expect(says(['up', '-d'])).toMatch(/web-1 {2}Running[^]*web-2 {2}Removed/);
    expect(says(['kill', 'web'])).toMatch(/web-1 {2}Killed/);
    expect(says(['up', '-d', 'web'])).toMatch(/^ web-1 {2}Starting\n web-1 {2}Started\n$/);
    project.write('compose.yaml', `services:\n  web: {${idle}}\n`);
    expect(says(['up', '-d'])).not.toMatch(/side-1 {2}/);
    expect(says(['up', '-d', '--remove-orphans'])).toMatch(/side-1 {2}Removed/);
  });

  test('create replaces what changed and starts none of it; what did not change runs on', async () => {
    const before = await project.ids();
    expect(says(['create'])).toBe(' web-1  Running\n');
    expect([await project.ids(), await statusOf(project, 'web')]).toEqual([before, 'running']);
    project.write('compose.yaml', `services:\n  web: {${idle}, environment: {A: b}}\n`);
    expect(says(['create'])).toMatch(/web-1 {2}Created/);
    expect(await project.ids()).not.toEqual(before);
    expect(await statusOf(project, 'web')).toBe('created');
    says(['up', '-d']);
    expect(await statusOf(project, 'web')).toBe('running');
  });
});

describe('on a terminal', () => {
  /** The command line on a terminal of 17 rows and 91 columns: what the screen shows. Its input stays open. */
  const onTerminal = async (project: LabProject, words: string): Promise<string> => {
    const cli = join(import.meta.dirname, '../../../apps/orc/bin/orc');
    const line = `stty rows 17 cols 91; ${cli} ${words}`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: project.folder,
      env: lab.instance.env,
      timeout: 20_000,
    });
    let screen = '';
    for await (const data of terminal.stdout) screen += String(data);
    terminal.stdin.destroy();
    return screen;
  };

  test('the program finds its size at once', async () => {
    const project = lab.project(
      'sized',
      'services:\n  web: {image: busybox, init: true, command: sleep 1000}\n',
    );
    project.ok(['up', '-d']);
    expect(await onTerminal(project, 'container run --rm -it busybox stty size')).toContain('17 91');
    expect(await onTerminal(project, 'run --rm web stty size')).toContain('17 91');
    expect(await onTerminal(project, 'exec web stty size')).toContain('17 91');
    project.ok(['down', '-t', '0']);
  });
});
