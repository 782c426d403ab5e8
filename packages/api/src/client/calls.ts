/** The five forms of an answer: a value, rows, bytes, streams, a duplex. */
import { OrcError, type Problem, fail } from '@orc/model';
import type { Duplex, StreamChunk } from '../backend.ts';
import { ANSWER_BYTES_MAX } from '../limits.ts';
import { decodeRows } from '../ndjson.ts';
import { PROBLEM_TRAILER, RAW } from '../reply.ts';
import { decodeChunks } from '../stdcopy.ts';
import { cut } from './reader.ts';
import type { Answer, Outgoing, Transport } from './transport.ts';

type QueryValue = string | number | boolean | readonly string[] | undefined;
export type Details = {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly type?: string;
  readonly upgrade?: boolean;
  readonly signal?: AbortSignal;
};
export type Request = { readonly transport: Transport; readonly outgoing: Outgoing };
export type Call = (method: string, path: string, details?: Details) => Request;

export const call =
  (transport: Transport, prefix: string): Call =>
  (method, path, { query = {}, body, stream, ...rest } = {}) => {
    const sent = body === undefined ? stream : JSON.stringify(body);
    const outgoing = { method, path: `${prefix}${path}${encodeQuery(query)}`, ...rest };
    return { transport, outgoing: sent === undefined ? outgoing : { ...outgoing, body: sent } };
  };

function encodeQuery(query: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined)
      .map((each) => `${name}=${encodeURIComponent(String(each))}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Nothing (204) is undefined. */
export async function invoke<T>({ transport, outgoing }: Request): Promise<T> {
  const answer = await transport.request(outgoing);
  const text = await readText(answer);
  if (answer.status >= 400) throw refused(answer.status, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function readText(answer: Answer): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.chunks) {
    parts.push(part);
    size += part.length;
    if (size > ANSWER_BYTES_MAX)
      throw fail('internal', `the daemon's answer is over ${ANSWER_BYTES_MAX} bytes`);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refused(status: number, text: string): Error {
  try {
    return new OrcError((JSON.parse(text) as { problem: Problem }).problem);
  } catch {
    return fail('internal', `the daemon answered ${status}: ${text.slice(0, 200)}`);
  }
}

async function open({ transport, outgoing }: Request): Promise<Answer> {
  const answer = await transport.request(outgoing);
  if (answer.status >= 400) throw refused(answer.status, await readText(answer));
  return answer;
}

/** Ends without an error when the caller's own signal ended it. */
export async function* rows<T>(request: Request, begun?: () => void): AsyncGenerator<T> {
  const { signal } = request.outgoing;
  try {
    const answer = await open(request);
    begun?.();
    yield* decodeRows<T>(answer.chunks);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

export async function* bytes(request: Request): AsyncGenerator<Uint8Array> {
  yield* verified(await open(request));
}

/** The bytes; then the problem that came after them, if one did. */
async function* verified(answer: Answer): AsyncGenerator<Uint8Array> {
  yield* answer.chunks;
  const problem = answer.trailers.get(PROBLEM_TRAILER);
  if (problem !== undefined) throw new OrcError(JSON.parse(decodeURIComponent(problem)) as Problem);
}

export async function* streams(request: Request): AsyncGenerator<StreamChunk> {
  const { signal } = request.outgoing;
  try {
    const answer = await open(request);
    yield* isRaw(answer) ? asStdout(verified(answer)) : decodeChunks(answer.chunks);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

const isRaw = (answer: Answer): boolean => answer.headers.get('content-type') === RAW;

async function* asStdout(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamChunk> {
  for await (const data of source) yield { stream: 'stdout', data };
}

export async function duplex(request: Request): Promise<Duplex> {
  const answer = await open(request);
  const { socket } = answer;
  if (answer.status !== 101) throw cut();
  const raw = isRaw(answer);
  const source = untilEnd(answer);
  return {
    output: raw ? asStdout(source) : decodeChunks(source),
    write: (data) => writeAll(answer, data),
    closeStdin: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}

async function* untilEnd({ reader, socket }: Answer): AsyncGenerator<Uint8Array> {
  try {
    for (let part = await reader.next(); part !== null; part = await reader.next()) yield part;
  } finally {
    socket.destroy();
  }
}

/** Resolves when the kernel took it, so that a slow program slows its writer. */
const writeAll = ({ socket }: Answer, data: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!socket.writable) reject(cut());
    else socket.write(data, (error) => (error ? reject(error) : resolve()));
  });
