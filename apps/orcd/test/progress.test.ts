/** Progress of builds and pulls: what a reader that does not keep up costs. */
import type { Agent } from '@orc/agent';
import type { BuildRequest, ImageStore } from '@orc/image';
import type { EventStream } from '@orc/telemetry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { imagesBackend } from '../src/backend/images.ts';
import { LIMITS } from '../src/limits.ts';

const ID = `sha256:${'1'.repeat(64)}`;
const LINE = `${'x'.repeat(99)}\n`;

/** Runs a build whose only step reports `lines` lines, each when there is room for it. */
function buildOf(lines: number, done: { reported: number }) {
  const images = {
    contexts: { take: async () => ({ folder: '/', remove: async () => {} }) },
    build: async ({ onProgress }: BuildRequest) => {
      onProgress({ id: '[1/1] RUN yes', status: 'START' });
      for (; done.reported < lines; done.reported += 1) {
        await onProgress({ id: '[1/1] RUN yes', status: '', output: LINE });
      }
      onProgress({ id: '[1/1] RUN yes', status: 'DONE 1.0s' });
      return ID;
    },
  } as unknown as ImageStore;
  const events = { publish() {} } as unknown as EventStream;
  const backend = imagesBackend(images, {} as Agent, events);
  return backend.build(null, { tags: [] } as never, new AbortController().signal)[Symbol.asyncIterator]();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const MANY = 50_000;

/** What comes in one go; the clock goes on only where the test says so. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

describe('a build that says much', () => {
  test('waits for its reader, who gets every line', async () => {
    const done = { reported: 0 };
    const rows = buildOf(MANY, done);
    await rows.next();
    await settle();
    expect(done.reported).toBeLessThan(LIMITS.progressBytesMax / LINE.length);
    const output: string[] = [];
    for (let row = await rows.next(); row.done !== true; row = await rows.next()) {
      if (row.value.output !== undefined) output.push(row.value.output);
    }
    expect(output).toEqual(Array.from({ length: MANY }, () => LINE));
  });

  test('goes on without a reader that takes nothing for long, and says how much that one missed', async () => {
    const done = { reported: 0 };
    const rows = buildOf(MANY, done);
    await rows.next();
    await vi.advanceTimersByTimeAsync(LIMITS.progressHoldMs);
    expect(done.reported).toBe(MANY);
    const output: string[] = [];
    const status: string[] = [];
    for (let row = await rows.next(); row.done !== true; row = await rows.next()) {
      status.push(row.value.status);
      if (row.value.output !== undefined) output.push(row.value.output);
    }
    expect(output.length * LINE.length).toBeLessThan(2 * LIMITS.progressBytesMax);
    const missed = /^\[(\d+) lines left out/.exec(output.at(-1) as string)?.[1];
    expect(output.length - 1 + Number(missed)).toBe(MANY);
    expect(status.slice(-2)).toEqual(['DONE 1.0s', 'done']);
  });

  test('whose reader goes is not held, and keeps nothing', async () => {
    const done = { reported: 0 };
    const rows = buildOf(MANY, done);
    await rows.next();
    await settle();
    await rows.return?.();
    await settle();
    expect(done.reported).toBe(MANY);
  });
});
