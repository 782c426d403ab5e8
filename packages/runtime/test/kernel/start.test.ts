import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, isRunning, openFixture, runShell, shell } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

test('a program runs, and its exit code comes back', async () => {
  const running = await fixture.runtime.start(fixture.request(shell('exit 7')));
  expect(await running.exited).toMatchObject({ code: 7, reason: 'exit', oomKilled: false });
});

test('output goes to those attached from the start', async () => {
  const { code, out, err } = await runShell(fixture, 'echo hello; echo oops >&2');
  expect({ code, out, err }).toEqual({ code: 0, out: 'hello\n', err: 'oops\n' });
});

test('ten instances come and go, and leave no cgroup, mount or process', async () => {
  for (let i = 0; i < 10; i += 1) {
    const each = await openFixture();
    const { launcherPid } = await each.runtime.info();
    await each.runtime.start(each.request({ command: ['sleep', '100'] }));
    await (await each.runtime.start(each.request(shell('true')))).exited;
    await each.close();
    const groups = readdirSync('/sys/fs/cgroup', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .filter((entry) => existsSync(join('/sys/fs/cgroup', entry.name, each.instance)));
    expect(groups.map((entry) => entry.name)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(each.folder);
    await expect.poll(() => isRunning(launcherPid)).toBe(false);
    expect(existsSync(each.folder)).toBe(false);
  }
});
