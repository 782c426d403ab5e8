/** Whatever a container leaves behind, its folder goes. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, openFixture, runShell } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

test.each([
  ['folders deeper than any path', 'i=0; while [ $i -lt 1500 ]; do mkdir d; cd -P d; i=$((i+1)); done'],
  [
    'deep ones beside each other',
    'for a in 1 2 3; do for i in $(seq 150); do mkdir d; cd -P d; done; cd /tmp/$a; done',
  ],
  [
    'names that removal itself uses',
    'mkdir -p .orc-lifted-1/x; for i in $(seq 80); do mkdir d; cd -P d; done',
  ],
  ['links to the host', 'ln -s / root; ln -s /etc/passwd file; mkdir d; ln -s / d/again'],
  ['folders without any right', 'mkdir -p a/b; touch a/b/c; chmod 0 a/b a'],
])('%s', async (_, line) => {
  const request = fixture.request();
  const { err } = await runShell(fixture, `mkdir -p /tmp/1 /tmp/2 /tmp/3; cd /tmp; ${line}`, {}, request);
  expect(err).toBe('');
  await fixture.runtime.remove(request.id, request.folder);
  expect(existsSync(request.folder)).toBe(false);
});
