/** Runs command lines against a daemon in memory, behind a real socket, and gives what a terminal would show. */
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { type Door, openDoor } from '../../../packages/api/test/door.ts';
import { EPOCH, type Memory, createMemory } from '../../../packages/api/test/memory.ts';
import type { Io } from '../src/cli/io.ts';
import { runCli } from '../src/cli/run.ts';

export type Run = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly both: string;
};
export type Terminal = AsyncDisposable & {
  readonly memory: Memory;
  readonly door: Door;
  run(argv: readonly string[], options?: RunOptions): Promise<Run>;
};
export type RunOptions = {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Standard output is one; standard input never is. */
  readonly terminal?: boolean;
  /** Called with what raises a signal, and tells whether anybody listened. */
  readonly signals?: (raise: (name: NodeJS.Signals) => boolean) => void;
};

export const FIXTURES = join(import.meta.dirname, 'fixtures');

export async function openTerminal(): Promise<Terminal> {
  const memory = createMemory();
  const door = await openDoor(memory);
  return {
    memory,
    door,
    run: (argv, options = {}) => run(door, memory, argv, options),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

async function run(door: Door, _: Memory, argv: readonly string[], options: RunOptions): Promise<Run> {
  const texts = { stdout: '', stderr: '', both: '' };
  const sink = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write: (data: Buffer, _encoding, done) => {
        texts[name] += data.toString();
        texts.both += data.toString();
        done();
      },
    });
  const stdin = new PassThrough();
  stdin.end(options.input ?? '');
  const listeners = new Map<string, Set<() => void>>();
  const io: Io = {
    stdin,
    stdout: Object.assign(sink('stdout'), { isTTY: options.terminal ?? false }),
    stderr: sink('stderr'),
    // A root of its own too: nothing here may come upon the daemon of this machine.
    env: { ORC_HOST: `unix://${door.socketPath}`, ORC_ROOT: door.folder, ...options.env },
    cwd: options.cwd ?? join(FIXTURES, 'shop'),
    now: () => EPOCH + 90_000,
    uid: options.uid ?? 0,
    cpus: 2,
    architecture: 'x64',
    onSignal: (name, call) => {
      const calls = listeners.get(name) ?? new Set();
      listeners.set(name, calls.add(call));
      return () => void calls.delete(call);
    },
  };
  options.signals?.((name) => {
    const calls = [...(listeners.get(name) ?? [])];
    for (const call of calls) call();
    return calls.length > 0;
  });
  const code = await runCli(argv, io);
  return { code, ...texts };
}

/** Words of a line, with single and double quotes as a shell has them. */
export function words(line: string): readonly string[] {
  return (line.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []).map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
