import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '@orc/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Running, StartRequest } from '../../src/index.ts';
import {
  ATTACH_OUT,
  buildProgram,
  collect,
  type Fixture,
  IDLE,
  isRunning,
  openFixture,
  shell,
  shimOf,
  startReady,
} from './fixture.ts';
import { readLog } from './logfile.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  buildProgram(fixture, 'changed', CHANGED);
});
afterAll(async () => {
  await fixture?.close();
});

test('a second daemon finds a running container, and hears its end', async () => {
  const request = fixture.request(IDLE, { attempt: 3 });
  const first = await startReady(fixture.runtime, request);
  const runtime = await fixture.reopen();
  const adopted = await runtime.adopt(request.id, request.folder);
  if (adopted.state !== 'running') throw new Error(`is ${adopted.state}`);
  expect(adopted.running).toMatchObject({ pid: first.pid, attempt: 3, startedAt: first.startedAt });
  const exec = await adopted.running.exec({ argv: ['echo', 'there'], tty: false, attach: ATTACH_OUT });
  expect((await collect(exec.attachment)).out).toBe('there\n');
  await adopted.running.signal('TERM');
  expect(await adopted.running.exited).toMatchObject({ code: 5 });
  expect(await first.exited).toMatchObject({ code: 5 });
  await runtime.close();
});

test('an end that nobody saw is known, and its output too', async () => {
  const folder = join(fixture.folder, 'logs/unseen');
  const request = fixture.request(shell('sleep 0.1; echo late; exit 6'), {
    attempt: 2,
    log: { folder, maxSizeBytes: 0, maxFiles: 1 },
  });
  const running = await fixture.runtime.start(request);
  await running.exited;
  const adopted = await fixture.runtime.adopt(request.id, request.folder);
  expect(adopted).toMatchObject({ state: 'exited', attempt: 2, exit: { code: 6, reason: 'exit' } });
  expect(readLog(join(folder, 'log')).map((each) => each.text)).toEqual(['late']);
});

test('nothing was there', async () => {
  const request = fixture.request();
  expect(await fixture.runtime.adopt(request.id, join(fixture.folder, 'root/never'))).toEqual({
    state: 'none',
  });
});

test('a next attempt finds the files of the former', async () => {
  const request = fixture.request(shell('echo x >> /count; exit $(wc -l < /count)'));
  for (const attempt of [1, 2, 3]) {
    const running = await fixture.runtime.start({ ...request, attempt });
    expect(await running.exited).toMatchObject({ code: attempt });
  }
});

test('a killed shim is an exit, and its container ends', async () => {
  const request = fixture.request(IDLE);
  const running = await fixture.runtime.start(request);
  process.kill(shimOf(running.pid), 'SIGKILL');
  expect(await running.exited).toMatchObject({ code: 137, reason: 'shim lost' });
  expect(await fixture.runtime.adopt(request.id, request.folder)).toEqual({ state: 'lost' });
});

/** What su and gosu do: the kernel forgets the death signal of who changes its user. */
const CHANGED = `
#include <unistd.h>
int main(int argc, char **argv) {
  if (argc != 2 || setresgid(1001, 1001, 1001) || setresuid(1000, 1000, 1000)) return 1;
  return execl("/bin/sh", "sh", "-c", argv[1], (char *)0);
}
`;
const LOOP = 'echo up; while :; do sleep 0.05; done';

describe.each<[string, Partial<ContainerSpec>]>([
  ['that changed its user', { command: ['changed', LOOP] }],
  ["in the host's pid namespace", { ...shell(`sh -c '${LOOP}' & wait`), pidMode: { kind: 'host' } }],
])('a shim that is killed while no daemon runs, of a first process %s', (_, spec) => {
  const loseShim = async (request: StartRequest): Promise<Running> => {
    const daemon = await fixture.reopen();
    const running = await startReady(daemon, request);
    const shim = shimOf(running.pid);
    await daemon.close();
    process.kill(shim, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${shim}`)).toBe(false);
    expect(isRunning(running.pid)).toBe(true);
    return running;
  };

  test('does not run any more once it is told to be lost', async () => {
    const [request, other] = [fixture.request(spec), fixture.request(spec)];
    const running = await loseShim(request);
    const neighbour = await startReady(fixture.runtime, other);
    expect(await fixture.runtime.adopt(request.id, request.folder)).toEqual({ state: 'lost' });
    expect([isRunning(running.pid), isRunning(neighbour.pid)]).toEqual([false, true]);
    await neighbour.kill();
  });

  test('does not run any more once the next attempt does', async () => {
    const request = fixture.request(spec);
    const before = await loseShim(request);
    const running = await startReady(fixture.runtime, { ...request, attempt: 2 });
    expect([isRunning(before.pid), isRunning(running.pid)]).toEqual([false, true]);
    await running.kill();
  });
});

test('what never had a shim is told from what lost its own', async () => {
  const request = fixture.request({ image: 'busybox', command: ['/no/such/program'] });
  expect(await fixture.runtime.adopt(request.id, request.folder)).toEqual({ state: 'none' });
  await expect(fixture.runtime.start(request)).rejects.toThrow();
  expect(await fixture.runtime.adopt(request.id, request.folder)).toEqual({ state: 'none' });
});

test('a killed launcher has no effect, and is replaced', async () => {
  const request = fixture.request(IDLE);
  const running = await startReady(fixture.runtime, request);
  const { launcherPid } = await fixture.runtime.info();
  process.kill(launcherPid, 'SIGKILL');
  const exec = await running.exec({ argv: ['true'], tty: false, attach: ATTACH_OUT });
  expect(await exec.exited).toMatchObject({ code: 0 });
  const again = await fixture.runtime.start(fixture.request(shell('exit 2')));
  expect(await again.exited).toMatchObject({ code: 2 });
  await running.signal('TERM');
  expect(await running.exited).toMatchObject({ code: 5 });
});

test('launchers that are killed at any moment fail no start, no exec and nothing of the network', async () => {
  const running = await startReady(fixture.runtime, fixture.request(IDLE));
  let over = false;
  const killed = new Set<number>();
  const killer = (async (): Promise<void> => {
    while (!over) {
      const { launcherPid } = await fixture.runtime.info();
      if (!killed.has(launcherPid)) process.kill(launcherPid, 'SIGKILL');
      killed.add(launcherPid);
      await new Promise((resolve) => setTimeout(resolve, killed.size % 7));
    }
  })();
  try {
    for (let round = 0; round < 30; round += 1) {
      const started = await fixture.runtime.start(fixture.request({ user: 'app', ...shell('exit 3') }));
      expect(await started.exited).toMatchObject({ code: 3 });
      const exec = await running.exec({ argv: ['true'], tty: false, attach: ATTACH_OUT, user: 'app' });
      expect(await exec.exited).toMatchObject({ code: 0 });
      await fixture.runtime.kernel.run([]);
    }
  } finally {
    over = true;
    await killer;
  }
  expect(killed.size).toBeGreaterThan(10);
  await running.kill();
});

test('fifty are adopted at once', async () => {
  const requests = Array.from({ length: 50 }, () => fixture.request({ command: ['sleep', '100'] }));
  await Promise.all(requests.map((each) => fixture.runtime.start(each)));
  const runtime = await fixture.reopen();
  const begin = performance.now();
  const adopted = await Promise.all(requests.map((each) => runtime.adopt(each.id, each.folder)));
  const took = performance.now() - begin;
  expect(adopted.filter((each) => each.state === 'running').length).toBe(50);
  console.log(`adopted 50 in ${took.toFixed(1)} ms`);
  await runtime.close();
  await Promise.all(requests.map((each) => fixture.runtime.remove(each.id, each.folder)));
});
