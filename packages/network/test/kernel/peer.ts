/** Programs inside and outside of containers, for tests. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Fields = Readonly<Record<string, string | number>>;
/** How long to wait for what is not to be answered: where it is, it is at once, but for a busy machine. */
export const SILENT = { waitMs: 700 } as const;

export type Peer = {
  readonly pid: number;
  readonly call: (act: string, fields: Fields) => Promise<string>;
  readonly close: () => Promise<void>;
};

/** `namespace`: a path, `new` for one of its own, or undefined for the test's. `program`: what answers to the calls. */
export function openPeer(namespace: string | undefined, program = 'peer-child.ts'): Peer {
  const node = [process.execPath, join(import.meta.dirname, program)];
  const command =
    namespace === undefined
      ? node
      : namespace === 'new'
        ? ['unshare', '-n', ...node]
        : ['nsenter', `--net=${namespace}`, ...node];
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (said: string) => void>();
  let last = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, said } = JSON.parse(line) as { id: number; said: string };
    waiting.get(id)?.(said);
    waiting.delete(id);
  });
  return {
    pid: child.pid ?? 0,
    call: (act, fields) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        child.stdin.write(`${JSON.stringify({ id: last, act, ...fields })}\n`);
      }),
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
