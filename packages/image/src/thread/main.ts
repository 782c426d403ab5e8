/** A thread's program: takes orders, reports (protocol.ts). */
import { parentPort } from 'node:worker_threads';
import { fail } from '@orc/model';
import { failureOf } from './failure.ts';
import { JOBS } from './jobs.ts';
import type { Order, Report } from './protocol.ts';

type Input = {
  readonly chunks: Uint8Array[];
  end: 'open' | 'whole' | 'broken';
  wake: (() => void) | undefined;
};

const inputs = new Map<number, Input>();
const report = (what: Report): void => parentPort?.postMessage(what);

parentPort?.on('message', (order: Order) => {
  if (order.kind === 'start') void perform(order);
  if (order.kind === 'quit') parentPort?.close();
  const input = inputs.get(order.id);
  if (input === undefined) return;
  if (order.kind === 'chunk') input.chunks.push(order.data);
  if (order.kind === 'end') input.end = order.whole ? 'whole' : 'broken';
  input.wake?.();
});

async function perform({ id, job, args, canceled }: Order & { kind: 'start' }): Promise<void> {
  const input: Input = { chunks: [], end: 'open', wake: undefined };
  inputs.set(id, input);
  const check = (): void => {
    if (Atomics.load(canceled, 0) !== 0) throw fail('canceled', 'the work was canceled');
  };
  try {
    const work = JOBS[job] as (args: unknown, tools: unknown) => Promise<never>;
    const onBytes = (bytes: number): void => report({ kind: 'bytes', id, bytes });
    const value = await work(args, { input: chunksOf(id, input), onBytes, check });
    report({ kind: 'value', id, value });
  } catch (error) {
    report({ kind: 'failed', id, failure: failureOf(error) });
  } finally {
    inputs.delete(id);
  }
}

async function* chunksOf(id: number, input: Input): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = input.chunks.shift();
    if (chunk !== undefined) {
      report({ kind: 'taken', id, bytes: chunk.length });
      yield chunk;
    } else if (input.end === 'whole') return;
    else if (input.end === 'broken') throw fail('canceled', 'the input of the work ended too early');
    else await new Promise<void>((resolve) => (input.wake = resolve));
  }
}
