/** The body of an answer of HTTP/1.1 (RFC 9112, 6 and 7): chunked, of a length, or until the end. */
import { fail } from '@orc/model';
import { ANSWER_LINE_BYTES_MAX, TRAILERS_MAX } from '../limits.ts';
import { type Reader, cut } from './reader.ts';

export type Headers = ReadonlyMap<string, string>;
export type Head = { readonly status: number; readonly headers: Headers };

export function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  return { status: Number(first.split(' ')[1]), headers: parseHeaders(lines) };
}

const parseHeaders = (lines: readonly string[]): Headers =>
  new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );

export type Body = {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Filled when the chunks have ended. */
  trailers: Headers;
};

/** `end` is called with whether the connection can carry another request. */
export function readBody(reader: Reader, head: Head, end: (reusable: boolean) => void): Body {
  const body: Body = { chunks: { [Symbol.asyncIterator]: () => iterate() }, trailers: new Map() };
  async function* iterate(): AsyncGenerator<Uint8Array> {
    let whole = false;
    try {
      if (head.headers.get('transfer-encoding') === 'chunked') body.trailers = yield* chunked(reader);
      else yield* sized(reader, lengthOf(head));
      whole = head.headers.get('connection') !== 'close';
    } finally {
      end(whole);
    }
  }
  return body;
}

function lengthOf(head: Head): number {
  if (head.status === 204 || head.status === 304) return 0;
  return Number(head.headers.get('content-length') ?? Number.POSITIVE_INFINITY);
}

async function* sized(reader: Reader, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  while (left > 0) {
    const bytes = await reader.next();
    if (bytes === null) {
      if (left === Number.POSITIVE_INFINITY) return;
      throw cut();
    }
    const part = bytes.subarray(0, Math.min(left, bytes.length));
    reader.unread(bytes.subarray(part.length));
    left -= part.length;
    yield part;
  }
}

async function* chunked(reader: Reader): AsyncGenerator<Uint8Array, Headers> {
  for (;;) {
    const size = Number.parseInt(await reader.until('\r\n', ANSWER_LINE_BYTES_MAX), 16);
    if (!Number.isSafeInteger(size)) throw cut();
    if (size === 0) return readTrailers(reader);
    yield* sized(reader, size);
    await reader.until('\r\n', ANSWER_LINE_BYTES_MAX);
  }
}

async function readTrailers(reader: Reader): Promise<Headers> {
  const lines: string[] = [];
  while (lines.length <= TRAILERS_MAX) {
    const line = await reader.until('\r\n', ANSWER_LINE_BYTES_MAX);
    if (line === '') return parseHeaders(lines);
    lines.push(line);
  }
  throw fail('internal', `the daemon's answer has over ${TRAILERS_MAX} trailers`);
}
