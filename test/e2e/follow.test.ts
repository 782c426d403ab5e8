/** What follows containers, and when that is over: `logs -f`, and programs in the foreground whose daemon goes away. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();

type Running = { said(): string; type(text: string): void; readonly ended: Promise<Ended> };
type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A command that goes on; ended with the file, if nothing else ends it. */
function begin(cwd: string, ...args: readonly string[]): Running {
  const child = lab.instance.spawnOrc(args, { cwd });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.on('data', (data: Buffer) => {
      said[stream] += data.toString();
    });
  unended.push(child);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  const type = (text: string): void => void child.stdin?.end(text);
  return { said: () => said.stdout + said.stderr, type, ended };
}
const unended: ReturnType<typeof lab.instance.spawnOrc>[] = [];
afterAll(() => unended.forEach((child) => child.exitCode ?? child.kill('SIGKILL')));

function project(name: string, services: readonly string[]): string {
  const cwd = join(lab.instance.folder, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(
    join(cwd, 'compose.yaml'),
    ['services:', ...services.map((line) => `  ${line}`), ''].join('\n'),
  );
  return cwd;
}
const orcIn = (cwd: string, ...args: readonly string[]): number => lab.instance.orc(args, { cwd }).code;

describe('logs -f', SLOW, () => {
  test('ends when the last container has ended, and shows those that start meanwhile', async () => {
    const cwd = project('ends', [
      'job: {image: busybox, command: "sh -c \'echo first; while ! test -e /go/on; do sleep 0.1; done\'", volumes: ["./go:/go"]}',
      'after: {image: busybox, command: "echo second", depends_on: {job: {condition: service_completed_successfully}}}',
    ]);
    const up = begin(cwd, 'up', '-d');
    await until(() => lab.orc('container', 'ls', '-q').stdout !== '', 'the job runs');
    const logs = begin(cwd, 'logs', '-f');
    await until(() => logs.said().includes('first'), 'the job is heard');
    writeFileSync(join(cwd, 'go/on'), '');
    const { code, stdout } = await logs.ended;
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: [expect.stringMatching(/job-1 +\| first/), expect.stringMatching(/after-1 +\| second/)],
    });
    expect((await up.ended).code).toBe(0);
    expect(lab.instance.orc(['logs', '-f', 'job'], { cwd })).toMatchObject({ code: 0, stdout: /first\n$/ });
    expect(orcIn(cwd, 'down')).toBe(0);
  });

  test('ends when the containers are removed, and not when one is replaced', async () => {
    const web = (word: string): string =>
      `web: {image: busybox, init: true, command: "sh -c 'echo ${word}; exec sleep 1000'"}`;
    const cwd = project('removed', [web('one')]);
    expect(orcIn(cwd, 'up', '-d')).toBe(0);
    const logs = begin(cwd, 'logs', '-f');
    await until(() => logs.said().includes('one'), 'the first is heard');
    project('removed', [web('two')]);
    expect(orcIn(cwd, 'up', '-d')).toBe(0);
    await until(() => logs.said().includes('two'), 'the second is heard');
    expect(orcIn(cwd, 'down', '-t', '0')).toBe(0);
    expect(await logs.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a daemon that is killed under who follows', SLOW, () => {
  const GONE = 'warning: the daemon has gone away';
  const go = (cwd: string, name: string): void => writeFileSync(join(cwd, 'go', name), '');
  const steps = `echo one; while ! test -e /go/two; do sleep 0.1; done; echo two; while ! test -e /go/three; do sleep 0.1; done; echo three`;

  test('is waited for; what is said meanwhile is heard, once, and so is the exit code', async () => {
    const cwd = project('killed', [
      `web: {image: busybox, init: true, command: "sh -c '${steps}; exit 7'", volumes: ["./go:/go"]}`,
    ]);
    mkdirSync(join(cwd, 'go'));
    const shell = ['busybox', 'sh', '-c', `${steps}; cat; exit 7`];
    const all = {
      run: begin(cwd, 'container', 'run', '--rm', '-i', '-v', `${cwd}/go:/go`, ...shell),
      up: begin(cwd, 'up', '--exit-code-from', 'web'),
    };
    await until(() => Object.values(all).every((each) => each.said().includes('one')), 'both are heard');
    const logs = begin(cwd, 'logs', '-f', '--no-log-prefix');
    await until(() => logs.said().includes('one'), 'the logs are heard');
    const following = [...Object.values(all), logs];
    await lab.instance.stop('SIGKILL');
    await until(() => following.every((each) => each.said().includes(GONE)), 'all miss the daemon');
    go(cwd, 'two');
    await lab.instance.start();
    await until(() => following.every((each) => each.said().includes('two')), 'all hear the next word');
    all.run.type('typed\n');
    go(cwd, 'three');
    const warned = `${GONE}, and the container goes on without it: waiting for another one\nwarning: a daemon answers again\n`;
    expect(await all.run.ended).toEqual({ code: 7, stdout: 'one\ntwo\nthree\ntyped\n', stderr: warned });
    const up = await all.up.ended;
    expect({ code: up.code, words: up.stdout.match(/\b(one|two|three)$/gm) }).toEqual({
      code: 7,
      words: ['one', 'two', 'three'],
    });
    expect(up.stdout).toContain('web-1  | exited with code 7');
    expect(await logs.ended).toMatchObject({ code: 0, stdout: 'one\ntwo\nthree\n' });
    expect(orcIn(cwd, 'down')).toBe(0);
  });

  test('while an up still waits for a dependency: what was asked for comes about', async () => {
    const after = 'depends_on: {job: {condition: service_completed_successfully}}';
    const cwd = project('pending', [
      `job: {image: busybox, init: true, command: "sh -c '${steps}'", volumes: ["./go:/go"]}`,
      `after: {image: busybox, command: "echo after", ${after}}`,
    ]);
    const up = begin(cwd, 'up');
    await until(() => up.said().includes('one'), 'the job is heard');
    await lab.instance.stop('SIGKILL');
    await until(() => up.said().includes(GONE), 'the daemon is missed');
    await lab.instance.start();
    for (const name of ['two', 'three']) go(cwd, name);
    const { code, stdout } = await up.ended;
    expect({ code, words: stdout.match(/\b(one|two|three|after)$/gm) }).toEqual({
      code: 0,
      words: ['one', 'two', 'three', 'after'],
    });
    expect(orcIn(cwd, 'down')).toBe(0);
  });

  test('and does not come back: what goes on, and how to see it, is said', async () => {
    const cwd = project('alone', [
      `web: {image: busybox, init: true, command: "sh -c 'echo one; exec sleep 1000'"}`,
    ]);
    const all = [begin(cwd, 'run', '-T', 'web'), begin(cwd, 'up')];
    await until(() => all.every((each) => each.said().includes('one')), 'both are heard');
    await lab.instance.stop('SIGKILL');
    const [run, up] = await Promise.all(all.map((each) => each.ended));
    await lab.instance.start();
    const none = 'error: the daemon has gone away, and none came within 20 s';
    expect(run?.code).toBe(125);
    expect(run?.stderr).toMatch(
      new RegExp(
        `${none}; and the container goes on without it\n  hint: join it with "orc container attach [0-9a-f]{12}", or see`,
      ),
    );
    expect(up?.code).toBe(1);
    expect(up?.stderr).toContain(
      `${none}; and the containers go on without it\n  hint: see "orc logs -f", and`,
    );
    expect(lab.orc('container', 'ls', '-q').stdout.trim().split('\n')).toHaveLength(2);
    expect(orcIn(cwd, 'down', '-t', '0')).toBe(0);
  });
});
