/**
 * zstd of any number of frames. Node's decoder ends after the first and drops the rest, while layers of several (also
 * skippable) frames are common (RFC 8878 section 3.1; zstd:chunked).
 */
import { once } from 'node:events';
import { createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { READ_CHUNK_BYTES } from '../limits.ts';

export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const input: Input = {
    chunks: source[Symbol.asyncIterator](),
    fed: [],
    fedBytes: 0,
    rest: undefined,
    done: false,
  };
  try {
    for (;;) {
      if (input.rest === undefined) await readNext(input);
      if (input.rest === undefined) return;
      yield* oneFrame(input);
    }
  } finally {
    await input.chunks.return?.();
  }
}

type Input = {
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Given to the decoder of this frame; those it has surely used up are dropped. */
  fed: Uint8Array[];
  fedBytes: number;
  /** Read, but not yet given to a decoder. */
  rest: Uint8Array | undefined;
  done: boolean;
};

async function readNext(input: Input): Promise<void> {
  while (!input.done && input.rest === undefined) {
    const next = await input.chunks.next();
    input.done = next.done === true;
    if (next.done !== true && next.value.length > 0) input.rest = next.value;
  }
}

async function* oneFrame(input: Input): AsyncGenerator<Buffer> {
  const decoder = createZstdDecompress({ chunkSize: READ_CHUNK_BYTES });
  const state = { ended: false };
  decoder.once('end', () => {
    state.ended = true;
  });
  input.fed = [];
  input.fedBytes = 0;
  const feeding = feed(input, decoder, state).catch((error: unknown) => decoder.destroy(error as Error));
  try {
    yield* decoder as AsyncIterable<Buffer>;
  } finally {
    state.ended = true;
    decoder.destroy();
    await feeding;
  }
  input.rest = unused(input, decoder.bytesWritten);
}

async function feed(
  input: Input,
  decoder: ZstdDecompress,
  state: { readonly ended: boolean },
): Promise<void> {
  for (;;) {
    if (input.rest === undefined) await readNext(input);
    if (state.ended) return;
    if (input.rest === undefined) break;
    const chunk = input.rest;
    input.rest = undefined;
    input.fed.push(chunk);
    input.fedBytes += chunk.length;
    if (!decoder.write(chunk)) await room(decoder);
    dropUsed(input, decoder.bytesWritten);
  }
  decoder.end();
}

/** Or the end of it. What was not to be stops listening: a layer has many pieces. */
async function room(decoder: ZstdDecompress): Promise<void> {
  const over = new AbortController();
  const events = ['drain', 'close'].map((name) => once(decoder, name, { signal: over.signal }));
  await Promise.race(events).catch(() => undefined);
  over.abort();
}

function dropUsed(input: Input, used: number): void {
  let kept = input.fed.reduce((sum, chunk) => sum + chunk.length, 0);
  while (input.fed.length > 1 && input.fedBytes - kept + (input.fed[0] as Uint8Array).length <= used) {
    kept -= (input.fed.shift() as Uint8Array).length;
  }
}

/** What the ended frame did not take, before what was read ahead. */
function unused(input: Input, used: number): Uint8Array | undefined {
  const left = input.fedBytes - used;
  const ahead = input.rest === undefined ? [] : [input.rest];
  if (left <= 0) return input.rest;
  const fed = Buffer.concat(input.fed);
  return Buffer.concat([fed.subarray(fed.length - left), ...ahead]);
}
