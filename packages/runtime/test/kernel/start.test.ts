import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, openFixture, runShell, shell } from './fixture.ts';

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
