/** Network namespaces of containers: which cables lead to them, and what still has to run in them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type AssignedNetwork,
  type Cidr,
  type Clock,
  type ContainerId,
  contains,
  type Emit,
  type Endpoint,
  formatCidr,
  type Kernel,
  type KernelOp,
  parseCidr,
  parseIpv4,
} from '@orc/model';
import { namespaceName } from '../plan/links.ts';
import {
  PEER_NAME,
  planDelete,
  planNamespace,
  planReach,
  planWiring,
  type Attachment,
  type Cable,
  type Guard,
} from '../plan/netplan.ts';
import type { SandboxRequest } from '../types.ts';
import { isGuarded, mtuOf, type Bridges, type Numbers } from './bridges.ts';
import { namespaceFolder } from './present.ts';
import { newCable, openPool, type Pool } from './pool.ts';
import type { Records, SandboxRecord } from './records.ts';
import { openRemover } from './remover.ts';

/** `pooled`: the cable that came with the namespace, and is there whether its operations ran or not. */
type Live = {
  record: SandboxRecord;
  attached: boolean;
  readonly pooled?: Cable;
  /** Subnets beside its own that it has been given routes to. */
  reached: ReadonlySet<string>;
};

export type Sandboxes = {
  /** The namespace of this container and what has to run in it: nothing when it did already. */
  readonly claim: (
    request: SandboxRequest,
  ) => Promise<{ readonly namespace: string; readonly ops: readonly KernelOp[] }>;
  readonly attached: (container: ContainerId) => Promise<void>;
  /** Those of running containers on these networks: a network may have got further subnets. */
  readonly reach: (networks: readonly string[]) => Promise<void>;
  /** Whether its address answers; true also of a container without a sandbox of its own. */
  readonly isAttached: (container: ContainerId) => boolean;
  readonly adopt: (record: SandboxRecord) => void;
  readonly get: (container: ContainerId) => SandboxRecord | undefined;
  readonly update: (record: SandboxRecord) => void;
  readonly all: () => readonly SandboxRecord[];
  /** Takes its cables away before its namespace goes. */
  readonly cut: (container: ContainerId) => Promise<void>;
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
  /** The kernel can guard what is sent. */
  readonly guarded: () => boolean;
};

export function openSandboxes(options: SandboxesOptions): Sandboxes {
  mkdirSync(namespaceFolder(options.run), { recursive: true, mode: 0o700 });
  const { records, bridges } = options;
  const live = new Map<ContainerId, Live>();
  const remover = openRemover(options);
  const pool = openPool(options, () => live.size > 0, remover.remove);

  const claim = async (request: SandboxRequest): ReturnType<Sandboxes['claim']> => {
    const known = live.get(request.container);
    const each = known ?? (await fresh(options, request, pool));
    live.set(request.container, each);
    const before = each.record;
    each.record = await wired(options, each, request.none === true ? [] : request.endpoints);
    // Adoption claims every sandbox again as it was.
    if (known === undefined || !isDeepStrictEqual(before, each.record)) records.put(each.record);
    return { namespace: each.record.namespace, ops: opsOf(options, each, before, request) };
  };

  return {
    claim,
    attached: async (container) => {
      const each = live.get(container);
      if (each === undefined) return;
      each.attached = true;
      pool.refill();
      await reachMore(options, each);
    },
    reach: async (networks) => {
      const on = [...live.values()].filter(({ record }) =>
        record.cables.some(({ network }) => networks.includes(network)),
      );
      await Promise.all(on.map((each) => reachMore(options, each)));
    },
    isAttached: (container) => live.get(container)?.attached ?? true,
    adopt: (record) => {
      live.set(record.container, { record, attached: true, reached: new Set() });
    },
    get: (container) => live.get(container)?.record,
    update: (record) => {
      const each = live.get(record.container);
      if (each !== undefined) each.record = record;
      records.put(record);
    },
    all: () => [...live.values()].map((each) => each.record),
    cut: async (container) => {
      const cables = live.get(container)?.record.cables ?? [];
      await options.kernel.run(planDelete(cables.map(({ cable }) => cable.name)));
    },
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
    close: pool.close,
  };
}

/** Without a network it gets a namespace of its own making: a pooled one has a link in it. */
async function fresh(options: SandboxesOptions, request: SandboxRequest, pool: Pool): Promise<Live> {
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
  const reached = new Set<string>();
  return { record, attached: false, reached, ...(ready.cable === undefined ? {} : { pooled: ready.cable }) };
}

async function makeBare(options: SandboxesOptions): Promise<{ readonly path: string }> {
  const path = join(namespaceFolder(options.run), namespaceName(options.numbers.index()));
  await options.kernel.run(planNamespace(path));
  return { path };
}

/** Cables for the endpoints asked for: those there are, the pooled one for the name that it has, new ones. */
async function wired(
  options: SandboxesOptions,
  each: Live,
  endpoints: readonly Endpoint[],
): Promise<SandboxRecord> {
  const cables = each.record.cables.filter((cable) => endpoints.some((end) => end.network === cable.network));
  const spare = each.record.cables.length === 0 ? each.pooled : undefined;
  const first = endpoints.find((end) => end.interface === PEER_NAME) ?? endpoints[0];
  for (const endpoint of endpoints) {
    if (cables.some((cable) => cable.network === endpoint.network)) continue;
    const bridge = await options.bridges.port(endpoint.network);
    const cable = endpoint === first && spare !== undefined ? spare : newCable(options);
    cables.push({ network: endpoint.network, cable, bridge: bridge.name });
  }
  return { ...each.record, cables, endpoints };
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
  const left = before.cables.filter((cable) => !record.cables.includes(cable));
  for (const cable of left) options.bridges.free(cable.network, cable.bridge);
  if (each.attached && wanted.length === 0 && left.length === 0) return [];
  const gateway = request.gatewayNetwork ?? defaultGateway(options.bridges, record.endpoints);
  return [
    ...planDelete(left.map((cable) => cable.cable.name)),
    ...planWiring({
      namespace: record.namespace,
      attachments: wanted.flatMap((cable) => attachmentOf(options.bridges, each, cable)),
      guards: options.guarded() ? guardsOf(options.bridges, each) : [],
      ...(gateway === undefined ? {} : { gateway }),
      ...(each.attached || request.sysctls === undefined ? {} : { sysctls: request.sysctls }),
    }),
  ];
}

function attachmentOf(bridges: Bridges, each: Live, cable: SandboxRecord['cables'][number]): Attachment[] {
  const endpoint = endpointOf(each.record, cable.network);
  const network = bridges.get(cable.network);
  const bridge = bridges.indexOf(cable.bridge);
  if (endpoint === undefined || bridge === undefined || network === undefined) return [];
  const mtu = mtuOf(network);
  const pooled = each.pooled?.name === cable.cable.name;
  const subnets = otherSubnets(network, endpoint);
  each.reached = each.reached.union(new Set(subnets.map(formatCidr)));
  return [{ endpoint, cable: cable.cable, bridge, pooled, subnets, ...(mtu === undefined ? {} : { mtu }) }];
}

function guardsOf(bridges: Bridges, { record, pooled }: Live): Guard[] {
  const addresses = record.endpoints.flatMap(({ ipv4 }) => ipv4 ?? []);
  return record.cables.flatMap(({ network, cable }) => {
    const [assigned, endpoint] = [bridges.get(network), endpointOf(record, network)];
    if (assigned === undefined || endpoint === undefined || !isGuarded(assigned)) return [];
    const prepared = pooled?.name === cable.name;
    return [{ index: cable.hostIndex, mac: endpoint.mac, addresses, prepared }];
  });
}

const endpointOf = ({ endpoints }: SandboxRecord, network: string): Endpoint | undefined =>
  endpoints.find((each) => each.network === network);

function otherSubnets({ status }: AssignedNetwork, { ipv4 }: Endpoint): readonly Cidr[] {
  const address = parseIpv4(ipv4 ?? '');
  if (address === undefined) return [];
  return status.subnets.flatMap(({ subnet }) => {
    const cidr = parseCidr(subnet);
    return cidr === undefined || contains(cidr, address) ? [] : [cidr];
  });
}

/** One whose container has just ended has nobody to tell. */
async function reachMore({ bridges, kernel, emit }: SandboxesOptions, each: Live): Promise<void> {
  if (!each.attached) return;
  const { namespace, cables } = each.record;
  const ops = cables.flatMap(({ network, cable }) => {
    const [assigned, endpoint] = [bridges.get(network), endpointOf(each.record, network)];
    if (assigned === undefined || endpoint === undefined) return [];
    const more = otherSubnets(assigned, endpoint).filter((cidr) => !each.reached.has(formatCidr(cidr)));
    each.reached = each.reached.union(new Set(more.map(formatCidr)));
    return more.length === 0 ? [] : planReach(namespace, cable, more);
  });
  if (ops.length === 0) return;
  await kernel
    .run(ops)
    .catch((error: unknown) =>
      emit('warn', 'a container does not reach all of its network', { namespace, error: String(error) }),
    );
}

/** The first network that leads outside. */
const defaultGateway = (bridges: Bridges, endpoints: readonly Endpoint[]): string | undefined =>
  endpoints.find((each) => each.gateway !== undefined && bridges.get(each.network)?.spec.internal !== true)
    ?.network;
