import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Running, StartRequest } from '../../src/index.ts';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

const COUNT = 1000;
const IDLE_MS = 1500;

const privateKb = (pid: number): number =>
  [...readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce(
    (sum, [, kb]) => sum + Number(kb),
    0,
  );
const shimOf = (pid: number): number =>
  Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

test('a thousand containers, each shim under 60 KB, and all end', async () => {
  const requests: StartRequest[] = Array.from({ length: COUNT }, () =>
    fixture.request({ command: ['sleep', '1000'] }),
  );
  const begin = performance.now();
  const all: Running[] = await Promise.all(requests.map((each) => fixture.runtime.start(each)));
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const sizes = all.map((each) => privateKb(shimOf(each.pid))).sort((a, b) => a - b);
  expect(sizes[COUNT >> 1]).toBeLessThan(60);
  const middle = performance.now();
  await Promise.all(all.map((each) => each.kill()));
  const exits = await Promise.all(all.map((each) => each.exited));
  expect(exits.every((each) => each.code === 137)).toBe(true);
  await Promise.all(requests.map((each) => fixture.runtime.remove(each.id, each.folder)));
  const ended = performance.now();
  console.log(
    `${COUNT} started in ${(started - begin).toFixed(0)} ms, removed in ${(ended - middle).toFixed(0)} ms; ` +
      `private memory of a shim ${sizes[COUNT >> 1]} KB, most ${sizes.at(-1)} KB`,
  );
}, 120_000);
