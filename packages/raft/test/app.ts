/** A state machine over the log: a list of texts, with snapshots; it knows what it was promised. */
import { type Log, type LogOptions, openLog } from '../src/index.ts';

export type App = { readonly log: Log; readonly applied: string[] };

export async function openApp(options: LogOptions): Promise<App> {
  const log = await openLog(options);
  const applied: string[] = log.recovered === undefined ? [] : JSON.parse(textOf(log.recovered.data));
  log.committed(({ data }) => void applied.push(textOf(data)));
  return { log, applied };
}

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const bytesOf = (text: string): Uint8Array => Buffer.from(text);

export const snapshot = ({ log, applied }: App): Promise<void> =>
  log.snapshot(log.index(), [bytesOf(JSON.stringify(applied))]);

/** Reproducible numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Text without zero bytes, of a size that varies. */
export const entry = (number: number, size: number): string =>
  `${number}:${'abcdefg'.repeat(size / 7 + 1).slice(0, size)}`;
