/** Writes a `Reply`. Every write waits for the reader; a reader that went away ends the source. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { PROBLEM_CODES, type Problem, toProblem } from '@orc/model';
import type { StreamChunk } from './backend.ts';
import { encodeRow } from './ndjson.ts';
import { MULTIPLEXED, NDJSON, PROBLEM_TRAILER, RAW, type Reply } from './reply.ts';
import { encodeFrame, frameHeader } from './stdcopy.ts';

export async function send(response: ServerResponse, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      return sendJson(response, reply.status, reply.value);
    case 'empty':
      response.writeHead(204).end();
      return;
    case 'rows':
      return sendRows(response, reply.rows);
    case 'bytes':
      return sendBytes(response, reply.type, reply.chunks);
    case 'streams':
      return reply.raw ? sendBytes(response, RAW, dataOf(reply.chunks)) : sendFrames(response, reply.chunks);
    case 'duplex':
      reply.duplex.close();
      return sendProblem(response, {
        code: 'usage.invalid',
        message: 'this route needs an upgrade of the connection',
        hint: 'send "Connection: Upgrade" and "Upgrade: tcp"',
      });
  }
}

/** Headers may be out already: then the connection is cut, which a client sees as an incomplete answer. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, PROBLEM_CODES[problem.code].http, { problem });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value ?? null);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

async function sendRows(response: ServerResponse, rows: AsyncIterable<unknown>): Promise<void> {
  response.writeHead(200, { 'content-type': NDJSON, 'cache-control': 'no-store' }).flushHeaders();
  try {
    for await (const row of rows) if (!(await wrote(response, encodeRow(row)))) return;
  } catch (error) {
    await wrote(response, encodeRow({ problem: toProblem(error) }));
  }
  response.end();
}

async function sendFrames(response: ServerResponse, chunks: AsyncIterable<StreamChunk>): Promise<void> {
  response.writeHead(200, { 'content-type': MULTIPLEXED, 'cache-control': 'no-store' }).flushHeaders();
  await writeFrames(response, chunks);
  response.end();
}

/** Frames until the source ends; what it throws becomes the last frame. */
export async function writeFrames(to: Writable, chunks: AsyncIterable<StreamChunk>): Promise<void> {
  try {
    for await (const { stream, data } of chunks) {
      to.cork();
      to.write(frameHeader(stream, data.length));
      const more = wrote(to, data);
      to.uncork();
      if (!(await more)) return;
    }
  } catch (error) {
    await wrote(to, encodeFrame('problem', Buffer.from(JSON.stringify(toProblem(error)))));
  }
}

async function sendBytes(
  response: ServerResponse,
  type: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const head = { 'content-type': type, 'cache-control': 'no-store', trailer: PROBLEM_TRAILER };
  response.writeHead(200, head).flushHeaders();
  try {
    for await (const data of chunks) if (!(await wrote(response, data))) return;
  } catch (error) {
    response.addTrailers({ [PROBLEM_TRAILER]: encodeURIComponent(JSON.stringify(toProblem(error))) });
  }
  response.end();
}

export async function* dataOf(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.data;
}

/** Whether the reader is still there, once there is room for more. */
export async function wrote(to: Writable, data: Uint8Array | string): Promise<boolean> {
  if (to.destroyed) return false;
  if (data.length === 0 || to.write(data)) return true;
  const gone = new AbortController();
  const close = once(to, 'close', { signal: gone.signal });
  await Promise.race([once(to, 'drain', { signal: gone.signal }), close]).catch(() => undefined);
  gone.abort();
  close.catch(() => undefined);
  return !to.destroyed;
}
