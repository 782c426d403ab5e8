/** Readers that stop reading: who began the program is waited for, others hear that it went on; nothing is lost unsaid. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attachment } from '../../src/index.ts';
import { ATTACH_OUT, type Fixture, IDLE, launcherWith, openFixture, shell } from './fixture.ts';
import { readLog } from './logfile.ts';

/** Of a client that takes nothing, and of an end that is not taken. */
const LIMIT_MS = 100;
const LONGER_MS = 10 * LIMIT_MS;
const LINES = 1_000_000;
/** As `orc.h` has it. */
const CLIENTS_MAX = 64;

let fixture: Fixture;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orc-readers-'));
  fixture = await openFixture(launcherWith(folder, { CLIENT_STALL_MS: LIMIT_MS, FLUSH_MS: LIMIT_MS }));
}, 60_000);
afterAll(async () => {
  await fixture?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function countLines({ output }: Attachment): Promise<number> {
  let count = 0;
  for await (const { data } of output) for (const byte of data) count += Number(byte === 10);
  return count;
}

test('the reader that a container was begun with may pause for as long as it likes', async () => {
  const running = await fixture.runtime.start(
    fixture.request({ command: ['seq', String(LINES)] }, { attach: ATTACH_OUT }),
  );
  await sleep(LONGER_MS);
  expect(await countLines(running.attachment as Attachment)).toBe(LINES);
  expect(await running.exited).toMatchObject({ code: 0 });
});

test('so may that of an exec', async () => {
  const running = await fixture.runtime.start(fixture.request(IDLE));
  const exec = await running.exec({ argv: ['seq', String(LINES)], tty: false, attach: ATTACH_OUT });
  await sleep(LONGER_MS);
  expect(await countLines(exec.attachment)).toBe(LINES);
  expect(await exec.exited).toEqual({ code: 0, timedOut: false });
  await running.kill();
});

test('another one is told that the program went on without it; the log has everything', async () => {
  const log = { folder: join(fixture.folder, 'logs/stalled'), maxSizeBytes: 0, maxFiles: 1 };
  const request = fixture.request({ ...shell(`read go; seq ${LINES}`), openStdin: true }, { log });
  // Who it was begun with is not dropped, however seldom this process has its turn.
  const running = await fixture.runtime.start({ ...request, attach: { ...ATTACH_OUT, stdin: true } });
  const reading = running.attachment as Attachment;
  const stalled = await running.attach(ATTACH_OUT);
  const all = countLines(reading);
  await reading.write(Buffer.from('\n'));
  expect(await all).toBe(LINES);
  expect(await running.exited).toMatchObject({ code: 0 });
  await expect(countLines(stalled)).rejects.toMatchObject({
    problem: { code: 'timeout', message: expect.stringContaining('went on without this reader') },
  });
  expect(readLog(join(log.folder, 'log')).length).toBe(LINES);
});

test('an end that is not read holds up neither the next attempt nor a removal, and is there later', async () => {
  const request = fixture.request({ command: ['seq', '100000'] });
  const [first, second] = [
    await fixture.runtime.start({ ...request, attach: ATTACH_OUT }),
    await fixture.runtime.start({ ...fixture.request({ command: ['seq', '90000'] }), attach: ATTACH_OUT }),
  ];
  await Promise.all([first.exited, second.exited]);
  const next = await fixture.runtime.start({ ...request, attempt: 2 });
  await next.exited;
  await fixture.runtime.remove(request.id, request.folder);
  await sleep(LONGER_MS);
  expect(await countLines(first.attachment as Attachment)).toBe(100_000);
  expect(await countLines(second.attachment as Attachment)).toBe(90_000);
});

test('as many who do not read as there is room for keep nobody out', async () => {
  const request = fixture.request({ command: ['yes'] }, { attach: ATTACH_OUT });
  const running = await fixture.runtime.start(request);
  const reader = running.attachment as Attachment;
  let bytes = 0;
  const reading = (async () => {
    for await (const { data } of reader.output) bytes += data.length;
  })();
  for (let round = 0; round < 3; round += 1) {
    for (let i = 0; i < CLIENTS_MAX - 5; i += 1) await running.attach(ATTACH_OUT);
    // None of those got as much: they are dropped, or it would still wait for them.
    const enough = bytes + 10_000_000;
    await expect.poll(() => bytes > enough, { timeout: 30_000 }).toBe(true);
  }
  await running.kill();
  await reading;
  expect(await running.exited).toMatchObject({ code: 137 });
}, 120_000);
