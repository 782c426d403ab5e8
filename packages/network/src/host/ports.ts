/** Holds published host ports: bound by the daemon, so that "taken" is true for us and for every other program. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ContainerId, PortBinding, Random } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { PublishedPort } from '../plan/nft.ts';
import {
  ephemeralPorts,
  isAny,
  isIpv6,
  portRefused,
  portTaken,
  ruleOf,
  type HeldPort,
} from '../plan/ports.ts';

type Bound = { readonly port: HeldPort; readonly close: () => void };
type Entry = {
  readonly address: string;
  readonly bindings: readonly PortBinding[];
  readonly bound: readonly Bound[];
  /** Packets are sent to the address. */
  open: boolean;
};

export type PortHolder = {
  /** All or none; the bindings with the ports that were chosen, without rules until `open`. Throws `conflict.port`. */
  readonly hold: (
    container: ContainerId,
    address: string,
    ports: readonly PortBinding[],
  ) => Promise<readonly PortBinding[]>;
  /** As `hold`, but a port that meanwhile belongs to somebody else stays ruled, and is named in the result. */
  readonly adopt: (
    container: ContainerId,
    address: string,
    ports: readonly PortBinding[],
  ) => Promise<readonly HeldPort[]>;
  /** False when it holds no ports, or they are open already. */
  readonly open: (container: ContainerId) => boolean;
  /** False when it holds no ports, or they are not open. */
  readonly shut: (container: ContainerId) => boolean;
  /** What it had. */
  readonly release: (container: ContainerId) => Entry | undefined;
  readonly get: (container: ContainerId) => Entry | undefined;
  readonly rules: () => PublishedPort[];
  readonly close: () => void;
};

export function openPortHolder(random: Random): PortHolder {
  const entries = new Map<ContainerId, Entry>();
  const holderOf = (port: HeldPort): string | undefined =>
    [...entries].find(([, entry]) => entry.bound.some((each) => clashes(each.port, port)))?.[0];

  const targetOf = (container: ContainerId, address: string): Target => ({
    address,
    isOpen: () => entries.get(container)?.open === true,
  });

  const hold = async (
    container: ContainerId,
    address: string,
    ports: readonly PortBinding[],
  ): Promise<readonly PortBinding[]> => {
    const target = targetOf(container, address);
    const bound: Bound[] = [];
    const bindings: PortBinding[] = [];
    try {
      for (const port of ports) bindings.push(await holdOne(port, target, random, bound));
    } catch (error) {
      for (const each of bound) each.close();
      throw error instanceof Taken ? portTaken(error.port, holderOf(error.port)) : error;
    }
    entries.set(container, { address, bindings, bound, open: false });
    return bindings;
  };

  return {
    hold,
    adopt: async (container, address, ports) => {
      const target = targetOf(container, address);
      const bound: Bound[] = [];
      const lost: HeldPort[] = [];
      for (const port of ports) {
        try {
          await holdOne(port, target, random, bound);
        } catch {
          lost.push(heldPort(port, port.hostPort ?? 0));
        }
      }
      entries.set(container, { address, bindings: ports, bound, open: true });
      return lost;
    },
    open: (container) => {
      const entry = entries.get(container);
      if (entry === undefined || entry.open) return false;
      entry.open = true;
      return true;
    },
    shut: (container) => {
      const entry = entries.get(container);
      if (entry?.open !== true) return false;
      entry.open = false;
      return true;
    },
    release: (container) => {
      const entry = entries.get(container);
      entries.delete(container);
      for (const each of entry?.bound ?? []) each.close();
      return entry;
    },
    get: (container) => entries.get(container),
    rules: () => [...entries.values()].flatMap((entry) => (entry.open ? rulesOf(entry) : [])),
    close: () => {
      for (const entry of entries.values()) for (const each of entry.bound) each.close();
    },
  };
}

const rulesOf = (entry: Entry): PublishedPort[] =>
  entry.bindings.map((each) => ruleOf(each, entry.address)).filter((each) => each !== undefined);

const clashes = (a: HeldPort, b: HeldPort): boolean => a.protocol === b.protocol && a.hostPort === b.hostPort;

/** Somebody has this port. */
class Taken extends Error {
  readonly port: HeldPort;
  constructor(port: HeldPort) {
    super('taken');
    this.port = port;
  }
}

/** Where proxies lead, while it is open. */
type Target = { readonly address: string; readonly isOpen: () => boolean };

async function holdOne(
  port: PortBinding,
  target: Target,
  random: Random,
  bound: Bound[],
): Promise<PortBinding> {
  const tries = port.hostPort === undefined ? ephemeralPorts(random.number()) : [port.hostPort];
  let last: unknown;
  for (const hostPort of tries) {
    try {
      bound.push(...(await bindAll(port, hostPort, target)));
      return { ...port, hostPort };
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
      last = error;
    }
  }
  throw last;
}

const heldPort = (port: PortBinding, hostPort: number): HeldPort => ({
  protocol: port.protocol,
  ...(isAny(port.hostIp) || port.hostIp === undefined ? {} : { hostIp: port.hostIp }),
  hostPort,
});

/** On every address: IPv4 by rules, and `::1` by a proxy, because `localhost` may mean that (DECISIONS 27). */
async function bindAll(port: PortBinding, hostPort: number, { address, isOpen }: Target): Promise<Bound[]> {
  const held = heldPort(port, hostPort);
  const target = { host: address, port: port.containerPort, isOpen };
  if (port.protocol === 'udp') return [await bindUdp(held)];
  if (isIpv6(port.hostIp)) return [await bindTcp(held, port.hostIp as string, target)];
  const first = await bindTcp(
    held,
    port.hostIp === undefined || isAny(port.hostIp) ? '0.0.0.0' : port.hostIp,
  );
  if (port.hostIp !== undefined && port.hostIp !== '') return [first];
  try {
    return [first, await bindTcp(held, '::1', target)];
  } catch (error) {
    if (!(error instanceof Taken)) return [first];
    first.close();
    throw error;
  }
}

type Backend = { readonly host: string; readonly port: number; readonly isOpen: () => boolean };

/** It listens, since two sockets that do not may share a port. Without a `target` nobody is meant to arrive. */
function bindTcp(port: HeldPort, host: string, target?: Backend): Promise<Bound> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) =>
      target?.isOpen() === true ? relay(socket, target, open) : socket.resetAndDestroy(),
    );
    server.maxConnections = LIMITS.proxyConnectionsMax;
    server.once('error', (error) => reject(refusal(port, error)));
    server.listen({ host, port: port.hostPort, exclusive: true, ipv6Only: true }, () => {
      server.unref();
      resolve({ port, close: () => closeServer(server, open) });
    });
  });
}

function closeServer(server: Server, open: ReadonlySet<Socket>): void {
  server.close();
  for (const socket of open) socket.destroy();
}

function relay(socket: Socket, { host, port }: Backend, open: Set<Socket>): void {
  const backend = connect({ host, port, allowHalfOpen: true });
  for (const [one, other] of [
    [socket, backend],
    [backend, socket],
  ] as const) {
    open.add(one);
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      open.delete(one);
      other.destroySoon();
    });
  }
}

function bindUdp(port: HeldPort): Promise<Bound> {
  if (isIpv6(port.hostIp)) {
    return Promise.reject(portRefused(port, 'UDP is published on IPv4 addresses only'));
  }
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: false });
    socket.once('error', (error) => {
      socket.close();
      reject(refusal(port, error));
    });
    socket.bind({ address: port.hostIp ?? '0.0.0.0', port: port.hostPort, exclusive: true }, () => {
      socket
        .removeAllListeners('error')
        .on('error', () => undefined)
        .unref();
      resolve({ port, close: () => socket.close() });
    });
  });
}

const refusal = (port: HeldPort, error: NodeJS.ErrnoException): Error =>
  error.code === 'EADDRINUSE' ? new Taken(port) : portRefused(port, error.code ?? error.message);
