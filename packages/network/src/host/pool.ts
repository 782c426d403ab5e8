/** Ready sandboxes: a namespace and its cable, no address, not attached (DECISIONS 25). Each is used once. */
import { join } from 'node:path';
import type { Clock, Emit, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { vethName } from '../plan/links.ts';
import { planPooled, type Cable } from '../plan/netplan.ts';
import type { Numbers } from './bridges.ts';
import { namespaceFolder } from './present.ts';

export type Ready = { readonly path: string; readonly cable: Cable };
export type Pool = {
  readonly take: () => Promise<Ready>;
  readonly refill: () => void;
  readonly idle: () => void;
  readonly settled: () => Promise<void>;
  readonly close: () => void;
};
export type PoolOptions = {
  readonly instance: string;
  readonly run: string;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly numbers: Numbers;
  readonly guarded: () => boolean;
};

/**
 * The oldest is used first: the kernel lets no filter onto what is younger than one of its turns (RCU) without waiting for it.
 * Filled after a start, emptied some time after the last container went.
 */
export function openPool(
  options: PoolOptions,
  inUse: () => boolean,
  discard: (paths: readonly string[]) => void,
): Pool {
  const ready: Ready[] = [];
  let filling: Promise<void> | undefined;
  let cancelIdle: (() => void) | undefined;
  let closed = false;

  const fill = async (): Promise<void> => {
    const made = await make(options, LIMITS.poolSize - ready.length);
    if (closed) return discard(made.map((each) => each.path));
    ready.push(...made);
    idle();
  };
  const empty = (): void => {
    if (!inUse()) discard(ready.splice(0).map((each) => each.path));
  };

  /** Containers that follow one another shortly find them, also where the last was gone before they were made. */
  const idle = (): void => {
    cancelIdle?.();
    if (!inUse() && !closed) cancelIdle = options.clock.after(LIMITS.poolIdleMs, empty);
  };

  return {
    take: async () => {
      cancelIdle?.();
      return ready.shift() ?? makeOne(options);
    },
    refill: () => {
      if (closed || filling !== undefined || ready.length >= LIMITS.poolSize / 2) return;
      filling = new Promise<void>((resolve) => setImmediate(resolve))
        .then(fill)
        .catch((error: unknown) => options.emit('warn', 'sandbox pool not filled', { error: String(error) }))
        .finally(() => {
          filling = undefined;
        });
    },
    idle,
    settled: async () => filling,
    close: () => {
      closed = true;
      cancelIdle?.();
      discard(ready.splice(0).map((each) => each.path));
    },
  };
}

export function newCable(options: PoolOptions): Cable {
  const name = vethName(options.instance, options.numbers.serial());
  return { name, hostIndex: options.numbers.index(), peerIndex: options.numbers.index() };
}

async function make(options: PoolOptions, count: number): Promise<Ready[]> {
  const made = Array.from({ length: count }, () => {
    const cable = newCable(options);
    return { path: join(namespaceFolder(options.run), cable.name), cable };
  });
  await options.kernel.run(made.flatMap((each) => planPooled(each.path, each.cable, options.guarded())));
  return made;
}

/** A name or an index may be somebody else's by a very rare chance: the second try has others. */
async function makeOne(options: PoolOptions): Promise<Ready> {
  const made = await make(options, 1).catch(() => make(options, 1));
  return made[0] as Ready;
}
