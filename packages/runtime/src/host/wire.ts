/** Frames as launcher and shims speak them (`native/orc.h`): u32 length, u8 type, u8 argument, u16 zero, payload. */
import { closeSync, constants, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { fail, type OrcError } from '@orc/model';
import { ATTACH_FRAME_BYTES } from '../limits.ts';

export const PROTOCOL = 1;

export const FRAME = {
  start: 1,
  run: 2,
  hello: 3,
  shutdown: 4,
  attach: 17,
  stdin: 18,
  stdinClose: 19,
  signal: 20,
  resize: 21,
  exec: 22,
  ok: 32,
  failed: 33,
  started: 34,
  output: 35,
  outputEnd: 36,
  exited: 37,
  dropped: 38,
} as const;

export type Frame = { readonly type: number; readonly arg: number; readonly payload: Buffer };

const HEAD = 8;
/** The kernel's limit of a socket's path is 108 bytes: a descriptor of its folder makes any path short. */
const SHORT = '/proc/self/fd/';

/** One socket; what comes before the first `resume` waits for it. Frames come in order; `onClose` is called once, also after an error. */
export class Connection {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #onFrame: (frame: Frame) => void = () => undefined;
  #onClose: () => void = () => undefined;
  #closed = false;
  #paused = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      if (!this.#paused) this.#onClose();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  listen(onFrame: (frame: Frame) => void, onClose: () => void): void {
    this.#onFrame = onFrame;
    this.#onClose = onClose;
  }

  /** Resolves when the kernel took it: back-pressure. */
  send(type: number, arg = 0, payload: Uint8Array = Buffer.alloc(0)): Promise<void> {
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt8(type, 4);
    head.writeUInt8(arg, 5);
    return new Promise((resolve) => {
      this.#socket.write(payload.length === 0 ? head : Buffer.concat([head, payload]), () => resolve());
    });
  }

  /** Large input in frames of the size that a shim takes. */
  async sendChunks(type: number, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += ATTACH_FRAME_BYTES) {
      await this.send(type, 0, data.subarray(at, at + ATTACH_FRAME_BYTES));
    }
  }

  /** No frame and no close is told until `resume`, not even of those that were read already. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#take(Buffer.alloc(0));
    if (this.#paused) return;
    if (this.#closed) this.#onClose();
    else this.#socket.resume();
  }
  close(): void {
    this.#socket.destroy();
  }
  /** Also of one that is paused. */
  whenClosed(call: () => void): void {
    this.#socket.once('close', call);
  }
  /** Does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (!this.#paused && this.#rest.length >= HEAD) {
      const data = this.#rest;
      const length = data.readUInt32LE(0);
      if (data.length < HEAD + length) break;
      this.#rest = data.subarray(HEAD + length);
      const payload = data.subarray(HEAD, HEAD + length);
      this.#onFrame({ type: data.readUInt8(4), arg: data.readUInt8(5), payload });
    }
  }
}

/** Rejects with the errno of connect(2): ENOENT and ECONNREFUSED mean that nobody listens. */
export async function connect(folder: string, name: string): Promise<Connection> {
  const fd = openSync(folder, constants.O_DIRECTORY | constants.O_RDONLY);
  return new Promise<Connection>((resolve, reject) => {
    const socket = createConnection({ path: `${SHORT}${fd}/${name}` });
    const settle = (act: () => void) => () => {
      closeSync(fd);
      act();
    };
    const onError = (error: Error): void => settle(() => reject(error))();
    socket.once('error', onError);
    socket.once(
      'connect',
      settle(() => {
        socket.off('error', onError);
        resolve(new Connection(socket));
      }),
    );
  });
}

/** Rejects with `timeout` when there is no answer in time. */
export async function within<T>(limitMs: number, doing: string, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(noAnswer(limitMs, doing)), limitMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const noAnswer = (limitMs: number, doing: string): OrcError =>
  fail('timeout', `${doing}: no answer within ${limitMs / 1000} s`, {
    hint: 'is the process stopped, or does it wait for a device that does not answer?',
    retry: true,
  });

/**
 * The next frame, after which the connection pauses until somebody else listens. Throws `start.failed` when the other side
 * goes away first, and `timeout`, with the connection closed.
 */
export async function nextFrame(connection: Connection, doing: string, limitMs: number): Promise<Frame> {
  try {
    return await within(limitMs, doing, awaitFrame(connection, doing));
  } catch (error) {
    connection.close();
    throw error;
  }
}

function awaitFrame(connection: Connection, doing: string): Promise<Frame> {
  return new Promise((resolve, reject) => {
    connection.listen(
      (frame) => {
        connection.pause();
        resolve(frame);
      },
      () => reject(fail('start.failed', `${doing}: the launcher's process went away`)),
    );
    connection.resume();
  });
}

export type Failure = { readonly index: number; readonly errno: number; readonly name: string };

const FAILURE_BYTES = 8;
const STARTED_BYTES = 24;
const ENDED_BYTES = 24;
const EPROTO = 71;

/** Whoever answers less than a failure has failed. */
export function readFailure({ type, payload }: Frame): Failure {
  if (type !== FRAME.failed || payload.length < FAILURE_BYTES)
    return { index: -1, errno: EPROTO, name: `answer of type ${type} with ${payload.length} bytes` };
  return {
    index: payload.readInt32LE(0),
    errno: payload.readInt32LE(4),
    name: payload.subarray(FAILURE_BYTES).toString('utf8'),
  };
}

/** Throws `start.failed` for a frame that another version, or another program, sent. */
function checkLength({ type, payload }: Frame, bytes: number): void {
  if (payload.length >= bytes) return;
  throw fail('start.failed', `a frame of type ${type} with ${payload.length} of ${bytes} bytes`, {
    hint: 'something else than orc listens on this socket',
  });
}

export type Started = {
  readonly protocol: number;
  readonly pid: number;
  readonly attempt: number;
  readonly tty: boolean;
  readonly at: number;
  /** See `ProcessId`; absent from shims that do not tell it. */
  readonly ticks?: bigint;
};

export function readStarted(frame: Frame): Started {
  checkLength(frame, STARTED_BYTES);
  const { payload } = frame;
  return {
    protocol: payload.readUInt32LE(0),
    pid: payload.readUInt32LE(4),
    attempt: payload.readUInt32LE(8),
    tty: payload.readUInt32LE(12) === 1,
    at: Number(payload.readBigUInt64LE(16)),
    ...(payload.length < STARTED_BYTES + 8 ? {} : { ticks: payload.readBigUInt64LE(STARTED_BYTES) }),
  };
}

export type Ended = {
  readonly code: number;
  readonly signal: number;
  readonly oom: boolean;
  readonly timedOut: boolean;
  readonly at: number;
};

export function readEnded(frame: Frame): Ended {
  checkLength(frame, ENDED_BYTES);
  const { payload } = frame;
  return {
    code: payload.readInt32LE(0),
    signal: payload.readInt32LE(4),
    oom: payload.readUInt32LE(8) !== 0,
    timedOut: payload.readUInt32LE(12) !== 0,
    at: Number(payload.readBigUInt64LE(16)),
  };
}

export const attachBits = (options: {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}): number => (options.stdin ? 1 : 0) | (options.stdout ? 2 : 0) | (options.stderr ? 4 : 0);
