/** The listener: one unix socket, the route tables behind it. */
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex as Socket } from 'node:stream';
import { type Emit, fail, toProblem } from '@orc/model';
import type { Backend } from './backend.ts';
import * as limits from './limits.ts';
import { type Found, type Matcher, createMatcher } from './match.ts';
import { type Input, admit, bodyOf, readJson } from './request.ts';
import { NATIVE, type RouteTable } from './routes.ts';
import { send, sendProblem } from './send.ts';
import { refuseUpgrade, type Upgrade, upgrade, upgradeOf } from './upgrade.ts';

export type ServeOptions = {
  readonly socketPath: string;
  /** Owns the socket when such a group exists; default `orc`. */
  readonly group?: string;
  readonly emit: Emit;
  readonly tables?: readonly RouteTable[];
};

export type Server = {
  readonly socketPath: string;
  /** Stops listening, lets requests finish for a moment, cuts the rest, removes the socket. */
  close(): Promise<void>;
};

type Door = {
  readonly backend: Backend;
  readonly match: Matcher;
  readonly emit: Emit;
  readonly closing: AbortSignal;
};

/** Throws `conflict.inuse` when another daemon answers on the socket. */
export async function serve(backend: Backend, options: ServeOptions): Promise<Server> {
  const closing = new AbortController();
  const match = createMatcher(options.tables ?? [NATIVE]);
  const door: Door = { backend, match, emit: options.emit, closing: closing.signal };
  const server = createServer(door);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await removeStale(options.socketPath);
  await listen(server, options.socketPath, options.emit);
  giveTo(options.socketPath, options.group ?? 'orc');
  const close = (): Promise<void> => closeServer(server, sockets, closing);
  return { socketPath: options.socketPath, close };
}

function createServer(door: Door): HttpServer {
  const http = process.getBuiltinModule('node:http');
  const server = http.createServer({
    maxHeaderSize: limits.HEADER_BYTES_MAX,
    headersTimeout: limits.HEADERS_TIMEOUT_MS,
    keepAliveTimeout: limits.KEEP_ALIVE_MS,
    // Archives take as long as they move; a body of JSON has its own limit.
    requestTimeout: 0,
  });
  server.maxConnections = limits.CONNECTIONS_MAX;
  server.on('request', (request, response) => {
    answer(door, request, response).catch((error: unknown) => cut(door, request, response, error));
  });
  server.on('upgrade', (request, socket, head) => {
    answerUpgrade(door, request, socket, head).catch((error: unknown) => cut(door, request, socket, error));
  });
  server.on('clientError', (error, socket) => refuse(error, socket));
  return server;
}

/** One for all: each abort would make an error with a stack, and every request ends with one. */
const OVER = fail('canceled', 'the request is over');
const STOPPING = fail('daemon.stopping', 'the daemon is stopping; containers run on', {
  hint: 'ask again once a daemon runs',
  retry: true,
});

async function answer(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    gone.abort(OVER);
    // The head promised to keep the connection.
    if (door.closing.aborted) request.socket.destroySoon();
  });
  const signal = AbortSignal.any([gone.signal, door.closing]);
  try {
    const found = find(door, request);
    await send(response, await found.route.run(door.backend, await inputOf(request, found, signal)));
  } catch (error) {
    note(door, request, error);
    sendProblem(response, toProblem(error));
  }
}

async function answerUpgrade(
  door: Door,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => gone.abort());
  cutOnClose(socket, door.closing);
  let reply: Upgrade;
  try {
    const found = find(door, request);
    const query = queryOf(request);
    const input: Input = {
      params: found.params,
      query,
      body: undefined,
      stream: bodyOf(request),
      signal: gone.signal,
    };
    reply = upgradeOf(await found.route.run(door.backend, input));
  } catch (error) {
    note(door, request, error);
    refuseUpgrade(socket, toProblem(error));
    return;
  }
  await upgrade(socket, head, reply, (error) => note(door, request, error));
}

/** Streams both ways end by themselves only with their container: a server that closes does not wait for that. */
function cutOnClose(socket: Socket, closing: AbortSignal): void {
  const cut = (): void => void socket.destroy();
  closing.addEventListener('abort', cut);
  socket.on('close', () => closing.removeEventListener('abort', cut));
}

/** Whatever cannot be answered any more ends its connection and nothing else. */
function cut(
  door: Door,
  request: IncomingMessage,
  connection: Socket | ServerResponse,
  error: unknown,
): void {
  note(door, request, error);
  // What was said before is still on its way.
  if (!connection.writableEnded) connection.destroy();
}

function find(door: Door, request: IncomingMessage): Found {
  admit(request);
  return door.match(request.method ?? '', (request.url ?? '').split('?', 1)[0] as string);
}

const queryOf = (request: IncomingMessage): URLSearchParams =>
  new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'));

async function inputOf(
  request: IncomingMessage,
  { route, params }: Found,
  signal: AbortSignal,
): Promise<Input> {
  const bytesMax = route.body === 'none' ? 0 : (route.bytesMax ?? limits.JSON_BYTES_MAX);
  const body = route.body === 'stream' ? undefined : await readJson(request, bytesMax);
  if (route.body === 'stream') mustNotBeForm(request);
  return { params, query: queryOf(request), body, stream: bodyOf(request), signal };
}

/** The types that a browser's form sends without asking first. */
function mustNotBeForm(request: IncomingMessage): void {
  const type = request.headers['content-type'] ?? '';
  if (/^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type))
    throw fail('input.invalid', `a body of type ${type} is refused`, {
      hint: `send Content-Type: application/x-tar`,
    });
}

function note(door: Door, request: IncomingMessage, error: unknown): void {
  const problem = toProblem(error);
  if (problem.code !== 'internal') return;
  const stack = error instanceof Error ? error.stack : undefined;
  door.emit('error', `request failed: ${problem.message}`, {
    method: request.method,
    url: request.url,
    stack,
  });
}

/** What the parser of HTTP refused: no request exists to answer. */
function refuse(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', `the headers are over ${limits.HEADER_BYTES_MAX} bytes`]
      : ['400 Bad Request', 'the request is malformed'];
  const body = JSON.stringify({ problem: { code: 'input.invalid', message } });
  const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`);
}

/** A file that nobody answers on is what a killed daemon left. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw fail('conflict.inuse', `${path} is there and is no socket`, {
      hint: 'remove it, or set ORC_RUN to another folder',
    });
  if (await answers(path))
    throw fail('conflict.inuse', `a daemon listens on ${path} already`, { hint: 'stop it, or set ORC_RUN' });
  unlinkSync(path);
}

/** A daemon whose queue is full (EAGAIN) is one too: only a refusal means that nobody listens. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => resolve(true));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(!GONE.has(error.code ?? '')));
    socket.on('connect', () => socket.destroy());
  });

const GONE = new Set(['ECONNREFUSED', 'ENOENT']);

/** The umask closes the instant between bind and chmod. */
async function listen(server: HttpServer, path: string, emit: Emit): Promise<void> {
  const mask = process.umask(0o177);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(path, resolve);
    await promise.finally(() => server.off('error', reject));
  } finally {
    process.umask(mask);
  }
  // Without descriptors or memory the kernel refuses to accept: that is one connection less.
  server.on('error', (error) => emit('warn', 'a connection was not accepted', { error: error.message }));
  chmodSync(path, 0o660);
}

function giveTo(path: string, group: string): void {
  const gid = groupId(group);
  if (gid !== undefined && process.getuid?.() === 0) chownSync(path, 0, gid);
}

function groupId(group: string): number | undefined {
  const row = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === group);
  return row?.[2] === undefined ? undefined : Number(row[2]);
}

async function closeServer(
  server: HttpServer,
  sockets: Set<Socket>,
  closing: AbortController,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  closing.abort(STOPPING);
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, limits.CLOSE_GRACE_MS);
  await closed;
  clearTimeout(timer);
}
