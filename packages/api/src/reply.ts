/** What a handler answers, as data; `send.ts` writes it. */
import type { Duplex, StreamChunk } from './backend.ts';

export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown }
  | { readonly kind: 'empty' }
  | { readonly kind: 'rows'; readonly rows: AsyncIterable<unknown> }
  | { readonly kind: 'bytes'; readonly type: string; readonly chunks: AsyncIterable<Uint8Array> }
  /** `raw`: a terminal's bytes, without frames. */
  | { readonly kind: 'streams'; readonly raw: boolean; readonly chunks: AsyncIterable<StreamChunk> }
  | { readonly kind: 'duplex'; readonly raw: boolean; readonly duplex: Duplex };

export const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream';
export const RAW = 'application/vnd.docker.raw-stream';
export const NDJSON = 'application/x-ndjson';
export const TAR = 'application/x-tar';
/** Trailer that carries a problem of a stream of bytes: percent-encoded JSON. */
export const PROBLEM_TRAILER = 'orc-problem';

export const json = (value: unknown, status = 200): Reply => ({ kind: 'json', status, value });
export const empty = (): Reply => ({ kind: 'empty' });
export const rows = (source: AsyncIterable<unknown>): Reply => ({ kind: 'rows', rows: source });

/** One row that comes later, its headers at once: whoever reads them knows that the wait has begun. */
export const later = (value: Promise<unknown>): Reply => ({ kind: 'rows', rows: once(value) });

async function* once(value: Promise<unknown>): AsyncGenerator<unknown> {
  yield await value;
}
