/** Frames as launcher and shims speak them (`native/orc.h`): u32 length, u8 type, u8 argument, u16 zero, payload. */
import { closeSync, constants, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { fail } from '@orc/model';
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
} as const;

export type Frame = { readonly type: number; readonly arg: number; readonly payload: Buffer };

const HEAD = 8;
/** The kernel's limit of a socket's path is 108 bytes: a descriptor of its folder makes any path short. */
const SHORT = '/proc/self/fd/';

/** One socket. Frames come in order; `onClose` is called once, also after an error. */
export class Connection {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #onFrame: (frame: Frame) => void = () => undefined;
  #onClose: () => void = () => undefined;
  #closed = false;
  #paused = false;

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

/** The next frame, after which the connection pauses until somebody else listens; throws `start.failed` when the other side goes away first. */
export function nextFrame(connection: Connection, doing: string): Promise<Frame> {
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

export const readFailure = (frame: Frame): Failure => ({
  index: frame.payload.readInt32LE(0),
  errno: frame.payload.readInt32LE(4),
  name: frame.payload.subarray(8).toString('utf8'),
});

export type Started = {
  readonly protocol: number;
  readonly pid: number;
  readonly attempt: number;
  readonly tty: boolean;
  readonly at: number;
};

export const readStarted = ({ payload }: Frame): Started => ({
  protocol: payload.readUInt32LE(0),
  pid: payload.readUInt32LE(4),
  attempt: payload.readUInt32LE(8),
  tty: payload.readUInt32LE(12) === 1,
  at: Number(payload.readBigUInt64LE(16)),
});

export type Ended = {
  readonly code: number;
  readonly signal: number;
  readonly oom: boolean;
  readonly timedOut: boolean;
  readonly at: number;
};

export const readEnded = ({ payload }: Frame): Ended => ({
  code: payload.readInt32LE(0),
  signal: payload.readInt32LE(4),
  oom: payload.readUInt32LE(8) !== 0,
  timedOut: payload.readUInt32LE(12) !== 0,
  at: Number(payload.readBigUInt64LE(16)),
});

export const attachBits = (options: {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}): number => (options.stdin ? 1 : 0) | (options.stdout ? 2 : 0) | (options.stderr ? 4 : 0);
