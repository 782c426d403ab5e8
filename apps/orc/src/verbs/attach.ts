/** Joins this process's streams with a container's or an exec's: input, output, size, signals, detaching. */
import type { Duplex } from '@orc/api/client';
import { fail } from '@orc/model';
import { type Io, written } from '../cli/io.ts';

export type Session = {
  readonly duplex: Duplex;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly detachKeys?: string;
  /** Tells the program the terminal's size. */
  readonly resize: (columns: number, rows: number) => Promise<unknown>;
  /** Passes a signal on; absent: none are. */
  readonly signal?: (name: string) => Promise<unknown>;
};

/** For `-it`: a program on a terminal that is fed from a pipe would never see its end. */
export function mustBeTerminal(io: Io): void {
  if (io.stdin.isTTY === true) return;
  throw fail('usage.invalid', 'standard input is no terminal, so -t cannot be used with -i', {
    hint: 'leave -t out',
  });
}

/** Resolves when the output has ended, or the user detached. */
export async function joinStreams(io: Io, session: Session): Promise<'ended' | 'detached'> {
  const undo: (() => void)[] = [];
  const detached = Promise.withResolvers<'detached'>();
  try {
    if (session.tty) undo.push(...terminal(io, session));
    else if (session.signal !== undefined) undo.push(...forwardSignals(io, session.signal));
    if (session.stdin) undo.push(pumpInput(io, session, detached.resolve));
    return await Promise.race([pumpOutput(io, session.duplex), detached.promise]);
  } finally {
    for (const each of undo.reverse()) each();
    session.duplex.close();
  }
}

async function pumpOutput(io: Io, duplex: Duplex): Promise<'ended'> {
  for await (const { stream, data } of duplex.output)
    await written(stream === 'stderr' ? io.stderr : io.stdout, data);
  return 'ended';
}

/** Before the start, so that the program finds it at once; a size that cannot be told is no reason not to start. */
export async function tellSize(io: Io, resize: Session['resize']): Promise<void> {
  const { columns, rows } = io.stdout;
  // The program may have ended: then its size matters to nobody.
  if (columns && rows) await resize(columns, rows).catch(() => undefined);
}

function terminal(io: Io, session: Session): (() => void)[] {
  const resize = (): void => void tellSize(io, session.resize);
  resize();
  const undo = [io.onSignal('SIGWINCH', resize)];
  if (session.stdin && io.stdin.isTTY) {
    io.stdin.setRawMode?.(true);
    undo.push(() => void io.stdin.setRawMode?.(false));
  } else if (session.signal !== undefined) undo.push(...forwardSignals(io, session.signal));
  return undo;
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

const forwardSignals = (io: Io, send: (name: string) => Promise<unknown>): (() => void)[] =>
  FORWARDED.map((name) => io.onSignal(name, () => void send(name).catch(() => undefined)));

function pumpInput(io: Io, session: Session, detach: (how: 'detached') => void): () => void {
  const scan = detachScanner(session.tty ? (session.detachKeys ?? 'ctrl-p,ctrl-q') : '');
  const { stdin } = io;
  let pending = Promise.resolve();
  const onData = (data: Uint8Array): void => {
    const { send, found } = scan(data);
    stdin.pause();
    pending = pending
      .then(() => (send.length > 0 ? session.duplex.write(send) : undefined))
      .then(() => (found ? detach('detached') : void stdin.resume()))
      // The program closed its input; its output goes on.
      .catch(() => undefined);
  };
  const onEnd = (): void => void pending.then(() => session.duplex.closeStdin());
  // Who joined before paused it, and let the process end without it.
  stdin.on('data', onData).on('end', onEnd).resume();
  if ('ref' in stdin) (stdin as unknown as { ref(): void }).ref();
  return () => {
    stdin.off('data', onData).off('end', onEnd).pause();
    // A terminal or pipe that is read keeps the process.
    if ('unref' in stdin) (stdin as unknown as { unref(): void }).unref();
  };
}

/** Looks for the keys in what is typed; holds back what may be their beginning. */
export function detachScanner(keys: string): (data: Uint8Array) => { send: Uint8Array; found: boolean } {
  const wanted = keys === '' ? [] : keys.split(',').map(keyCode);
  let seen = 0;
  return (data) => {
    if (wanted.length === 0) return { send: data, found: false };
    const send: number[] = [];
    for (const byte of data) {
      if (byte === wanted[seen]) {
        seen += 1;
        if (seen === wanted.length) return { send: Uint8Array.from(send), found: true };
        continue;
      }
      send.push(...wanted.slice(0, seen));
      seen = byte === wanted[0] ? 1 : 0;
      if (seen === 0) send.push(byte);
    }
    return { send: Uint8Array.from(send), found: false };
  };
}

/** `ctrl-p` is 16; a single character is itself. */
function keyCode(key: string): number {
  const control = /^ctrl-([a-z@[\]^_\\])$/i.exec(key)?.[1];
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 31;
  if (key.length === 1) return key.charCodeAt(0);
  throw fail('usage.invalid', `--detach-keys has the key ${key}, which is none`, {
    hint: 'write ctrl-p,ctrl-q',
  });
}
