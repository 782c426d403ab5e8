/** What follows containers, and when that is over: `logs -f`, and programs in the foreground whose daemon goes away. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();

type Running = { readonly pid: number; said(): string; readonly ended: Promise<Ended> };
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
  return { pid: child.pid as number, said: () => said.stdout + said.stderr, ended };
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
