/** What the daemon says of itself, and its events. */
import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import type { Backend } from '@orc/api';
import type { Agent } from '@orc/agent';
import type { Clock } from '@orc/model';
import type { ImageStore } from '@orc/image';
import type { NetworkHost } from '@orc/network';
import type { Runtime } from '@orc/runtime';
import type { EventStream, WatchOptions } from '@orc/telemetry';
import type { Places } from '@orc/api';
import type { Replica } from '../replica.ts';
import { VERSION } from '../version.ts';
import { eventFilter } from './filters.ts';

export type SystemParts = {
  readonly places: Places;
  readonly replica: Replica;
  readonly agent: Agent;
  readonly images: ImageStore;
  readonly network: NetworkHost;
  readonly runtime: Runtime;
  readonly events: EventStream;
  readonly clock: Clock;
};

export function systemBackend(parts: SystemParts): Pick<Backend, 'version' | 'info' | 'events'> {
  const startedAt = parts.clock.now();
  return {
    version: async () => ({
      version: VERSION,
      apiVersion: 'v1',
      node: process.version,
      os: 'linux',
      arch: arch(),
      kernel: release(),
      pid: process.pid,
      startedAt,
    }),
    info: () => info(parts),
    events({ afterIndex, sinceMs, untilMs, filters }, signal) {
      const options: WatchOptions = {
        match: eventFilter(filters),
        signal,
        ...(afterIndex === undefined ? {} : { afterIndex }),
        ...(sinceMs === undefined ? {} : { sinceMs }),
        ...(untilMs === undefined ? {} : { untilMs }),
      };
      return parts.events.watch(options);
    },
  };
}

async function info({
  places,
  replica,
  agent,
  images,
  network,
  runtime,
}: SystemParts): ReturnType<Backend['info']> {
  const [about, all] = await Promise.all([runtime.info(), images.list()]);
  const containers = agent.containers.list();
  const running = containers.filter(({ status }) => status === 'running').length;
  return {
    version: VERSION,
    instance: places.instance,
    root: places.root,
    run: places.run,
    hostname: hostname(),
    kernel: release(),
    os: osName(),
    architecture: arch(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    cgroup: about.cgroup,
    seccomp: about.seccomp,
    missing: about.missing,
    hostFirewall: network.info().hostFirewall,
    containers: { total: containers.length, running, stopped: containers.length - running },
    images: all.length,
    node: { id: replica.node.id, name: replica.node.name },
    logIndex: replica.state().index,
    quarantined: [...agent.recovered.quarantined, ...replica.quarantined],
  };
}

function osName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
