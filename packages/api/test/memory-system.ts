/** Version and events of the backend in memory. */
import type { ObjectId, OrcEvent } from '@orc/model';
import type { Backend } from '../src/backend.ts';
import { EPOCH, type State } from './memory-state.ts';

export const systemOf = (state: State): Pick<Backend, 'version' | 'info' | 'events'> => ({
  version: async () => ({
    version: '0.1.0',
    apiVersion: 'v1',
    node: 'v24.21.0',
    os: 'linux',
    arch: 'x64',
    kernel: '6.18.0',
    pid: 42,
    startedAt: EPOCH,
  }),
  info: async () => ({
    version: '0.1.0',
    instance: 'orc',
    root: '/var/lib/orc',
    run: '/run/orc',
    hostname: 'host',
    kernel: '6.18.0',
    os: 'Debian GNU/Linux 12',
    architecture: 'x86_64',
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    cgroup: 'hybrid',
    seccomp: true,
    missing: [],
    hostFirewall: [],
    containers: { total: state.rows.size, running: 0, stopped: state.rows.size },
    images: state.images.length,
    node: { id: 'n'.repeat(25) as ObjectId, name: 'host' },
    logIndex: 7,
    quarantined: [],
  }),
  events: async function* (query, signal) {
    let next = query.afterIndex ?? (query.sinceMs === undefined ? state.events.length : 0);
    for (;;) {
      for (; next < state.events.length; next += 1) {
        const event = state.events[next] as OrcEvent;
        if (matches(event, query.filters ?? {})) yield event;
      }
      if (signal.aborted || (query.untilMs !== undefined && query.untilMs <= state.now)) return;
      await nextWake(state.listeners, signal);
    }
  },
});

export function matches(event: OrcEvent, filters: Readonly<Record<string, readonly string[]>>): boolean {
  const of: Record<string, string | undefined> = {
    type: event.type,
    event: event.action,
    project: event.actor.attributes['project'],
    service: event.actor.attributes['service'],
    container: event.actor.id,
  };
  return Object.entries(filters).every(([name, values]) => values.includes(of[name] ?? ''));
}

export const nextWake = (wakes: Set<() => void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      wakes.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    wakes.add(wake);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
