/**
 * Network namespaces of containers, out of a small pool of ready ones. A namespace and its cable are used once; they go
 * in batches off the path, and the cable vanishes with its namespace.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, ContainerId, Emit, Endpoint, Kernel, KernelOp } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { vethName } from '../plan/links.ts';
import {
  planDelete,
  planNamespace,
  planPooled,
  planRemove,
  planWiring,
  type Cable,
} from '../plan/netplan.ts';
import type { SandboxRequest } from '../types.ts';
import { mtuOf, type Bridges, type Numbers } from './bridges.ts';
import { namespaceFolder } from './present.ts';
import type { Records, SandboxRecord } from './records.ts';

type Ready = { readonly path: string; readonly cable: Cable };
type Live = { record: SandboxRecord; attached: boolean; fresh: ReadonlySet<string> };

export type Sandboxes = {
  /** The namespace of this container and what has to run in it: nothing when it did already. */
  readonly claim: (
    request: SandboxRequest,
  ) => Promise<{ readonly namespace: string; readonly ops: readonly KernelOp[] }>;
  readonly attached: (container: ContainerId) => void;
  readonly adopt: (record: SandboxRecord) => void;
  readonly get: (container: ContainerId) => SandboxRecord | undefined;
  readonly update: (record: SandboxRecord) => void;
  readonly all: () => readonly SandboxRecord[];
  readonly release: (container: ContainerId) => void;
  /** Resolves when what was released is gone. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
};

export type SandboxesOptions = {
  readonly instance: string;
  readonly run: string;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly numbers: Numbers;
  readonly bridges: Bridges;
  readonly records: Records;
};

export function openSandboxes(options: SandboxesOptions): Sandboxes {
  mkdirSync(namespaceFolder(options.run), { recursive: true, mode: 0o700 });
  const live = new Map<ContainerId, Live>();
  const remover = openRemover(options);
  const pool = openPool(options, () => live.size > 0, remover.remove);
  const { records, bridges } = options;

  const fresh = async (request: SandboxRequest): Promise<Live> => {
    const bare = request.none === true || request.endpoints.length === 0;
    const ready: { readonly path: string; readonly cable?: Cable } = bare
      ? await makeBare(options)
      : await pool.take();
    const record: SandboxRecord = {
      schema: 1,
      container: request.container,
      namespace: ready.path,
      cables: [],
      endpoints: [],
      published: [],
      ...(request.dns === undefined ? {} : { dns: request.dns }),
    };
    return { record, attached: false, fresh: new Set(ready.cable === undefined ? [] : [ready.cable.name]) };
  };

  /** Cables for the endpoints asked for: those there are, the pooled one, new ones. */
  const wire = async (
    each: Live,
    endpoints: readonly Endpoint[],
    pooled: Cable | undefined,
  ): Promise<void> => {
    const cables = [...each.record.cables].filter((cable) =>
      endpoints.some((end) => end.network === cable.network),
    );
    let spare = pooled;
    for (const endpoint of endpoints) {
      if (cables.some((cable) => cable.network === endpoint.network)) continue;
      const bridge = await bridges.port(endpoint.network);
      cables.push({ network: endpoint.network, cable: spare ?? newCable(options), bridge: bridge.name });
      spare = undefined;
    }
    each.record = { ...each.record, cables, endpoints };
  };

  const claim = async (request: SandboxRequest): Promise<{ namespace: string; ops: readonly KernelOp[] }> => {
    const known = live.get(request.container);
    const each = known ?? (await fresh(request));
    live.set(request.container, each);
    const before = each.record;
    const pooled = known === undefined ? pool.cableOf(before.namespace) : undefined;
    await wire(each, request.none === true ? [] : request.endpoints, pooled);
    records.put(each.record);
    return { namespace: each.record.namespace, ops: opsOf(options, each, before, request) };
  };

  return {
    claim,
    attached: (container) => {
      const each = live.get(container);
      if (each === undefined) return;
      each.attached = true;
      pool.refill();
    },
    adopt: (record) => {
      live.set(record.container, { record, attached: true, fresh: new Set() });
    },
    get: (container) => live.get(container)?.record,
    update: (record) => {
      const each = live.get(record.container);
      if (each !== undefined) each.record = record;
      records.put(record);
    },
    all: () => [...live.values()].map((each) => each.record),
    release: (container) => {
      const each = live.get(container);
      if (each === undefined) return;
      live.delete(container);
      records.remove(container);
      for (const cable of each.record.cables) bridges.free(cable.network, cable.bridge);
      remover.remove([each.record.namespace]);
      pool.idle();
    },
    settled: async () => {
      await pool.settled();
      await remover.settled();
    },
    close: () => {
      pool.close();
    },
  };
}

/** Of an attached sandbox only what changed: networks that it joined or left since. */
function opsOf(
  options: SandboxesOptions,
  each: Live,
  before: SandboxRecord,
  request: SandboxRequest,
): KernelOp[] {
  const { record } = each;
  const had = new Set(before.cables.map((cable) => cable.network));
  const wanted = record.cables.filter((cable) => !each.attached || !had.has(cable.network));
  const left = each.attached ? before.cables.filter((cable) => !record.cables.includes(cable)) : [];
  for (const cable of left) options.bridges.free(cable.network, cable.bridge);
  if (each.attached && wanted.length === 0 && left.length === 0) return [];
  const attachments = wanted.flatMap((cable) => {
    const endpoint = record.endpoints.find((end) => end.network === cable.network);
    const network = options.bridges.get(cable.network);
    const mtu = network === undefined ? undefined : mtuOf(network);
    const bridge = options.bridges.indexOf(cable.bridge);
    if (endpoint === undefined || bridge === undefined) return [];
    const pooled = each.fresh.has(cable.cable.name);
    return [{ endpoint, cable: cable.cable, bridge, pooled, ...(mtu === undefined ? {} : { mtu }) }];
  });
  const gateway = request.gatewayNetwork ?? defaultGateway(options.bridges, record.endpoints);
  return [
    ...planDelete(left.map((cable) => cable.cable.name)),
    ...planWiring({
      namespace: record.namespace,
      attachments,
      ...(gateway === undefined ? {} : { gateway }),
      ...(each.attached || request.sysctls === undefined ? {} : { sysctls: request.sysctls }),
    }),
  ];
}

/** The first network that leads outside. */
const defaultGateway = (bridges: Bridges, endpoints: readonly Endpoint[]): string | undefined =>
  endpoints.find((each) => each.gateway !== undefined && bridges.get(each.network)?.spec.internal !== true)
    ?.network;

const newPath = (options: SandboxesOptions, name: string): string => join(namespaceFolder(options.run), name);

function newCable(options: SandboxesOptions): Cable {
  const name = vethName(options.instance, options.numbers.serial());
  return { name, hostIndex: options.numbers.index(), peerIndex: options.numbers.index() };
}

async function makeBare(options: SandboxesOptions): Promise<{ readonly path: string }> {
  const path = newPath(options, `n${options.numbers.index().toString(36)}`);
  await options.kernel.run(planNamespace(path));
  return { path };
}

type Pool = {
  readonly take: () => Promise<Ready>;
  /** The cable that came with a namespace. */
  readonly cableOf: (path: string) => Cable | undefined;
  readonly refill: () => void;
  readonly idle: () => void;
  readonly settled: () => Promise<void>;
  readonly close: () => void;
};

/** Filled after a start, emptied some time after the last container went (DECISIONS 25). */
function openPool(
  options: SandboxesOptions,
  inUse: () => boolean,
  discard: (paths: readonly string[]) => void,
): Pool {
  const ready: Ready[] = [];
  const taken = new Map<string, Cable>();
  let filling: Promise<void> | undefined;
  let cancelIdle: (() => void) | undefined;
  let closed = false;

  const make = async (count: number): Promise<Ready[]> => {
    const made = Array.from({ length: count }, () => {
      const cable = newCable(options);
      return { path: newPath(options, cable.name), cable };
    });
    await options.kernel.run(made.flatMap((each) => planPooled(each.path, each.cable)));
    return made;
  };

  /** A name or an index may be somebody else's by a very rare chance: the second try has others. */
  const makeOne = async (): Promise<Ready> => {
    const made = await make(1).catch(() => make(1));
    return made[0] as Ready;
  };

  const fill = async (): Promise<void> => {
    const made = await make(LIMITS.poolSize - ready.length);
    if (closed || !inUse()) discard(made.map((each) => each.path));
    else ready.push(...made);
  };

  const refill = (): void => {
    if (closed || filling !== undefined || ready.length >= LIMITS.poolSize / 2) return;
    filling = new Promise<void>((resolve) => setImmediate(resolve))
      .then(fill)
      .catch((error: unknown) => options.emit('warn', 'sandbox pool not filled', { error: String(error) }))
      .finally(() => {
        filling = undefined;
      });
  };

  const empty = (): void => {
    if (!inUse()) discard(ready.splice(0).map((each) => each.path));
  };

  return {
    take: async () => {
      cancelIdle?.();
      const each = ready.pop() ?? (await makeOne());
      taken.set(each.path, each.cable);
      return each;
    },
    cableOf: (path) => {
      const cable = taken.get(path);
      taken.delete(path);
      return cable;
    },
    refill,
    idle: () => {
      cancelIdle?.();
      if (!inUse()) cancelIdle = options.clock.after(LIMITS.poolIdleMs, empty);
    },
    settled: async () => filling,
    close: () => {
      closed = true;
      cancelIdle?.();
      discard(ready.splice(0).map((each) => each.path));
    },
  };
}

type Remover = { readonly remove: (paths: readonly string[]) => void; readonly settled: () => Promise<void> };

/** What cannot be removed stays on disk, and is swept at the next start. */
function openRemover(options: SandboxesOptions): Remover {
  const queue: string[] = [];
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, LIMITS.removeBatchMax);
      try {
        await options.kernel.run(planRemove(batch));
      } catch (error) {
        options.emit('warn', 'namespace not removed', { namespaces: batch, error: String(error) });
      }
    }
  };
  const start = (): void => {
    running ??= options.clock
      .sleep(LIMITS.removeDelayMs)
      .then(drain)
      .finally(() => {
        running = undefined;
        if (queue.length > 0) start();
      });
  };
  return {
    remove: (paths) => {
      queue.push(...paths);
      if (paths.length > 0) start();
    },
    settled: async () => {
      while (running !== undefined) await running;
    },
  };
}
