/** One test host: a namespace without a way out, a neighbour behind its only cable, and the network under test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  newContainerId,
  type Clock,
  type ContainerId,
  type Endpoint,
  type Kernel,
  type PortBinding,
} from '@orc/model';
import { openNetwork } from '../../src/index.ts';
import type { NetworkHost, NetworkOptions } from '../../src/types.ts';
import { startKernel, type StandinKernel } from './kernel-standin.ts';
import { openPeer, type Peer } from './peer.ts';

export const INSTANCE = 'orc-3fa9c1';
export const HOST = '192.0.2.1';
export const NEIGHBOUR = '192.0.2.2';
export const sh = (line: string): string => execFileSync('sh', ['-c', line], { encoding: 'utf8' });

export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export type Host = {
  readonly folder: string;
  readonly kernel: StandinKernel;
  readonly neighbour: Peer;
  readonly said: string[];
  readonly open: (more?: Partial<NetworkOptions>) => Promise<NetworkHost>;
  readonly close: () => Promise<void>;
};

/** Only inside a network namespace of the test's own. `bridgeNetfilter`: the switch for bridges that say nothing. */
export function makeHost(bridgeNetfilter: 0 | 1 = 0): Host {
  const folder = mkdtempSync(join(tmpdir(), 'orc-network-'));
  const kernel = startKernel();
  const neighbour = openPeer('new');
  const said: string[] = [];
  for (const each of ['iptables', 'ip6tables'])
    sh(`sysctl -qw net.bridge.bridge-nf-call-${each}=${bridgeNetfilter}`);
  wireNeighbour(neighbour.pid);
  return {
    folder,
    kernel,
    neighbour,
    said,
    open: (more = {}) => openNetwork({ ...daemonOptions(folder, kernel, said), ...more }),
    close: async () => {
      await neighbour.close();
      await kernel.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const daemonOptions = (folder: string, kernel: Kernel, said: string[]): NetworkOptions => ({
  root: join(folder, 'root'),
  run: join(folder, 'run'),
  instance: INSTANCE,
  kernel,
  clock,
  random: { bytes: (count) => randomBytes(count), number: () => Math.random() },
  emit: (level, message, fields) => said.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
});

function wireNeighbour(pid: number): void {
  sh('ip link set lo up');
  for (let tries = 0; tries < 200; tries += 1) {
    if (sh(`readlink /proc/${pid}/ns/net`) !== sh('readlink /proc/self/ns/net')) break;
    sh('sleep 0.01');
  }
  sh(
    `ip link add up0 type veth peer name eth0 netns ${pid} && ip addr add ${HOST}/24 dev up0 && ip link set up0 up`,
  );
  sh(
    `nsenter -t ${pid} -n sh -c 'ip link set lo up; ip addr add ${NEIGHBOUR}/24 dev eth0; ip link set eth0 up'`,
  );
  sh(`nsenter -t ${pid} -n ip route add 10.0.0.0/8 via ${HOST}`);
}

export type Box = {
  readonly id: ContainerId;
  readonly endpoints: readonly Endpoint[];
  readonly namespace: string;
  readonly peer: Peer;
  readonly ip: string;
  readonly etc: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
};

/** A container without a program but a peer; `wanted`: its addresses, where it minds. */
export async function startBox(
  host: Host,
  net: NetworkHost,
  networks: readonly string[],
  id = newId(),
  wanted: readonly string[] = [],
): Promise<Box> {
  const endpoints = networks.map((each, at) =>
    net.allocate(id, each, wanted[at] === undefined ? {} : { wanted: wanted[at] }),
  );
  return attachBox(host, net, id, endpoints);
}

export async function attachBox(
  host: Host,
  net: NetworkHost,
  id: ContainerId,
  endpoints: readonly Endpoint[],
): Promise<Box> {
  const sandbox = await net.sandbox({ container: id, hostname: id.slice(0, 12), name: 'box', endpoints });
  await host.kernel.run(sandbox.ops);
  await net.attached(id);
  const peer = openPeer(sandbox.namespace);
  return {
    id,
    endpoints,
    namespace: sandbox.namespace,
    peer,
    ip: endpoints[0]?.ipv4 ?? '',
    etc: sandbox.etc,
  };
}

export async function stopBox(net: NetworkHost, box: Box): Promise<void> {
  await box.peer.close();
  await net.release(box.id);
}

export const newId = (): ContainerId => newContainerId((count) => randomBytes(count));
export const tcp = (hostPort: number | undefined, containerPort: number, hostIp?: string): PortBinding => ({
  protocol: 'tcp',
  containerPort,
  ...(hostPort === undefined ? {} : { hostPort }),
  ...(hostIp === undefined ? {} : { hostIp }),
});
export const udp = (hostPort: number, containerPort: number): PortBinding => ({
  protocol: 'udp',
  containerPort,
  hostPort,
});
