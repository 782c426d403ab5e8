/**
 * docker's framing of two streams on one connection ("stdcopy", moby api/pkg/stdcopy): a stream number, three zero
 * bytes, the length as a big-endian u32, the bytes. Stream 3 carries a problem as JSON and is the last.
 */
import { OrcError, type Problem, fail } from '@orc/model';
import type { StreamChunk } from './backend.ts';
import { FRAME_BYTES_MAX } from './limits.ts';

const HEADER = 8;
const STREAMS = ['stdin', 'stdout', 'stderr', 'problem'] as const;

export type Frame = { readonly stream: 'stdout' | 'stderr' | 'problem'; readonly data: Uint8Array };

export const frameHeader = (stream: Frame['stream'], length: number): Uint8Array => {
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32BE(STREAMS.indexOf(stream) * 2 ** 24, 0);
  header.writeUInt32BE(length, 4);
  return header;
};

export function encodeFrame(stream: Frame['stream'], data: Uint8Array): Uint8Array {
  return Buffer.concat([frameHeader(stream, data.length), data]);
}

/** Frames out of bytes cut anywhere. Throws `internal` at what is no frame, and when the bytes end inside one. */
export async function* decodeFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0);
  let waiting: Uint8Array[] = [];
  let held = 0;
  let wanted = HEADER;
  for await (const bytes of source) {
    waiting.push(bytes);
    held += bytes.length;
    if (held < wanted) continue;
    rest = waiting.length === 1 ? asBuffer(bytes) : Buffer.concat(waiting);
    for (let size = frameSize(rest); rest.length >= size && rest.length >= HEADER; size = frameSize(rest)) {
      yield { stream: streamOf(rest[0]), data: rest.subarray(HEADER, size) };
      rest = rest.subarray(size);
    }
    waiting = rest.length === 0 ? [] : [rest];
    held = rest.length;
    wanted = frameSize(rest);
  }
  if (held > 0) throw fail('internal', `the stream ended inside a frame (${held} bytes left)`);
}

/** The two streams of `decodeFrames`; a problem is thrown. */
export async function* decodeChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamChunk> {
  for await (const frame of decodeFrames(source)) {
    if (frame.stream === 'problem')
      throw new OrcError(JSON.parse(Buffer.from(frame.data).toString()) as Problem);
    yield { stream: frame.stream, data: frame.data };
  }
}

const asBuffer = (bytes: Uint8Array): Buffer<ArrayBuffer> =>
  Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);

/** Bytes of the frame that `rest` begins with; of a header while that is not whole. */
function frameSize(rest: Buffer): number {
  if (rest.length < HEADER) return HEADER;
  const length = rest.readUInt32BE(4);
  if (length > FRAME_BYTES_MAX)
    throw fail('internal', `a frame of ${length} bytes is over ${FRAME_BYTES_MAX}`);
  return HEADER + length;
}

function streamOf(value: number | undefined): Frame['stream'] {
  const stream = STREAMS[value ?? -1];
  if (stream === undefined || stream === 'stdin')
    throw fail('internal', `a frame names stream ${value}, which is none`);
  return stream;
}
