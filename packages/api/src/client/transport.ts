/**
 * HTTP/1.1 over a unix socket, by hand: `node:http` costs a command line 6 ms for its first request, this under 1.
 * Connections are kept and used again; an idle one does not keep the process.
 */
import type { Socket } from 'node:net';
import { fail } from '@orc/model';
import { ANSWER_HEAD_BYTES_MAX, CONNECT_TIMEOUT_MS, IDLE_CONNECTIONS_MAX, IDLE_MS_MAX } from '../limits.ts';
import { type Body, type Head, parseHead, readBody } from './body.ts';
import { type Reader, createReader, cut, isCut } from './reader.ts';

export type Outgoing = {
  readonly method: string;
  /** With the query, encoded. */
  readonly path: string;
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly type?: string;
  readonly upgrade?: boolean;
  readonly signal?: AbortSignal;
};
export type Answer = Head & Body & { readonly socket: Socket; readonly reader: Reader };

export type Transport = {
  /** Resolves with the answer's head; its body must be read or its socket destroyed. */
  request(outgoing: Outgoing): Promise<Answer>;
  open(): Promise<void>;
  close(): void;
};

/** Monotonic. `performance` would load ten of node's modules for it: a millisecond of each command. */
const uptimeMs = (): number => process.uptime() * 1000;

type Connection = { readonly socket: Socket; readonly reader: Reader };
type Idle = Connection & { readonly since: number };
type Pool = { readonly socketPath: string; readonly idle: Idle[]; readonly open: Set<Socket> };

export function createTransport(socketPath: string): Transport {
  const pool: Pool = { socketPath, idle: [], open: new Set() };
  const close = (): void => {
    for (const socket of pool.open) socket.destroy();
  };
  return {
    request: (outgoing) => request(pool, outgoing),
    open: async () => keep(pool, await open(pool)),
    close,
  };
}

/** The daemon may have closed a kept connection meanwhile: what it cannot have taken in is sent anew, once. */
async function request(pool: Pool, outgoing: Outgoing): Promise<Answer> {
  outgoing.signal?.throwIfAborted();
  const kept = typeof outgoing.body === 'object' ? undefined : takeIdle(pool);
  const before = kept?.reader.received();
  try {
    return await exchange(pool, kept ?? (await open(pool)), outgoing);
  } catch (error) {
    const answered = kept?.reader.received() !== before;
    const again = kept !== undefined && !answered && !outgoing.signal?.aborted && mayResend(outgoing, error);
    if (!again) throw lost(outgoing, error);
  }
  const fresh = await open(pool);
  return exchange(pool, fresh, outgoing).catch((error: unknown) => {
    throw lost(outgoing, error);
  });
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/**
 * A request that got no byte of an answer may have been carried out all the same, so only one that changes nothing is
 * sent twice; and one of which the kernel refused a part (unix(7): EPIPE, the peer has closed), for it is carried out
 * when it has come whole.
 */
const mayResend = ({ method }: Outgoing, error: unknown): boolean =>
  method === 'GET' || codeOf(error) === 'EPIPE';

/** A connection that broke, as the caller hears of it: whether a request was carried out then is not known. */
function lost({ method, path }: Outgoing, error: unknown): unknown {
  const broke = isCut(error) || ['EPIPE', 'ECONNRESET'].includes(String(codeOf(error)));
  if (!broke) return error;
  if (method === 'GET') return cut();
  return fail(
    'daemon.unreachable',
    `the daemon closed the connection without an answer to ${method} ${path}`,
    {
      hint: 'it may have been carried out: look before you try again',
    },
  );
}

/** One that has ended, said something nobody asked for, or is so old that the daemon may be closing it, is none. */
function takeIdle(pool: Pool): Connection | undefined {
  for (let kept = pool.idle.pop(); kept !== undefined; kept = pool.idle.pop()) {
    const { socket, reader, since } = kept;
    if (!socket.destroyed && reader.quiet() && uptimeMs() - since < IDLE_MS_MAX) {
      socket.ref();
      return kept;
    }
    socket.destroy();
  }
  return undefined;
}

function open(pool: Pool): Promise<Connection> {
  const net = process.getBuiltinModule('node:net');
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: pool.socketPath, allowHalfOpen: true });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
    );
    socket.once('error', (error) => reject(unreachable(pool.socketPath, error)));
    socket.once('connect', () => {
      socket.setTimeout(0);
      pool.open.add(socket);
      socket.on('close', () => pool.open.delete(socket));
      resolve({ socket, reader: createReader(socket) });
    });
  });
}

function unreachable(path: string, error: Error & { code?: string }): Error {
  if (error.code === 'EACCES')
    return fail('permission.root', `no permission to open ${path}`, {
      hint: 'run as root, or as a member of the group orc',
    });
  const why = error.code === 'ENOENT' ? 'there is no such socket' : (error.code ?? error.message);
  return fail('daemon.unreachable', `no daemon answers on ${path}: ${why}`, {
    hint: 'start one with "orc daemon", or see ORC_HOST',
    retry: true,
  });
}

async function exchange(pool: Pool, connection: Connection, outgoing: Outgoing): Promise<Answer> {
  const { socket, reader } = connection;
  const abort = (): void => void socket.destroy(fail('canceled', 'canceled'));
  outgoing.signal?.addEventListener('abort', abort, { once: true });
  const end = (reusable: boolean): void => {
    outgoing.signal?.removeEventListener('abort', abort);
    if (reusable) keep(pool, connection);
    else socket.destroy();
  };
  const sent = write(socket, outgoing);
  // What the source of the body throws is what the caller hears, as the end of the answer.
  sent.catch((error: Error) => socket.destroy(error));
  try {
    const head = await readHead(reader);
    // An early refusal needs no more of the body; else the connection is free once all was sent.
    const done = (whole: boolean): void => {
      if (head.status >= 400 && body !== undefined) end(false);
      else
        sent.then(
          () => end(whole),
          () => end(false),
        );
    };
    const { body } = outgoing;
    return Object.assign(readBody(reader, head, done), head, { socket, reader });
  } catch (error) {
    end(false);
    throw error;
  }
}

async function readHead(reader: Reader): Promise<Head> {
  for (;;) {
    const head = parseHead(await reader.until('\r\n\r\n', ANSWER_HEAD_BYTES_MAX));
    if (!(head.status >= 100)) throw cut();
    if (head.status === 101 || head.status >= 200) return head;
  }
}

function keep(pool: Pool, connection: Connection): void {
  if (pool.idle.length >= IDLE_CONNECTIONS_MAX || connection.socket.destroyed) {
    connection.socket.destroy();
    return;
  }
  connection.socket.unref();
  connection.reader.watch();
  pool.idle.push({ ...connection, since: uptimeMs() });
}

async function write(socket: Socket, outgoing: Outgoing): Promise<void> {
  const { method, path, body, type = 'application/json' } = outgoing;
  const lines = [`${method} ${path} HTTP/1.1`, 'host: orc'];
  if (outgoing.upgrade) lines.push('connection: Upgrade', 'upgrade: tcp');
  if (body !== undefined) lines.push(`content-type: ${type}`);
  if (typeof body === 'string') {
    lines.push(`content-length: ${Buffer.byteLength(body)}`, '', body);
    socket.write(lines.join('\r\n'));
    return;
  }
  if (body === undefined && method !== 'GET') lines.push('content-length: 0');
  if (body !== undefined) lines.push('transfer-encoding: chunked');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (body !== undefined) await writeChunks(socket, body);
}

async function writeChunks(socket: Socket, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const part of body) {
    if (part.length === 0) continue;
    socket.write(`${part.length.toString(16)}\r\n`);
    socket.write(part);
    if (!socket.write('\r\n')) await drained(socket);
    if (socket.destroyed || !socket.writable) throw cut();
  }
  socket.write('0\r\n\r\n');
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
