/**
 * A `Kernel` for tests of this room alone: the same operations on the real kernel, by a child process that may change
 * its namespace. The daemon's is runtime's launcher.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fail, type Kernel, type KernelOp } from '@orc/model';

export type StandinKernel = Kernel & { readonly close: () => Promise<void>; readonly runs: KernelOp[][] };

const LAUNCHER = join(import.meta.dirname, '../../../runtime/native/build/orc-launch');

export function startKernel(): StandinKernel {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kernel-standin-child.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  const runs: KernelOp[][] = [];
  const run = async (ops: readonly KernelOp[]): Promise<void> => {
    runs.push([...ops]);
    const said = await new Promise<string>((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${JSON.stringify(ops.map((op) => encode(op)))}\n`);
    });
    if (said !== 'ok') throw fail('network.failed', said);
  };
  return { run, ruleWatch: [LAUNCHER, 'watch-rules'], runs, close: () => ended(child) };
}

const encode = (op: KernelOp): object =>
  op.op === 'netlink' ? { ...op, messages: Buffer.from(op.messages).toString('base64') } : op;

function ended(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.stdin.end();
  });
}
