/** The rooms beside the agent, in memory: containers that start and end when a test says so. The agent's own files are real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AssignedTask,
  type Assignment,
  type ContainerId,
  type ContainerSpec,
  type Digest,
  type Endpoint,
  type Exit,
  fail,
  type ObjectId,
  type Report,
} from '@orc/model';
import type { Adopted, Exec, ExecRequest, Running, StartRequest } from '@orc/runtime';
import { openEvents } from '@orc/telemetry';
import { vi } from 'vitest';
import { openAgent } from '../src/host/agent.ts';
import type { Agent, AgentOptions } from '../src/types.ts';

export const NODE = 'n1' as ObjectId;
const IMAGE = { id: `sha256:${'1'.repeat(64)}` as Digest, config: {}, layers: [] };

export type Fake = Running & { readonly signals: string[]; end(exit?: Partial<Exit>): void };

export type Rooms = {
  readonly root: string;
  readonly options: AgentOptions;
  /** By id: what runs, as the kernel would have it. */
  readonly alive: Map<ContainerId, Fake>;
  readonly log: string[];
  readonly reports: Report[];
  /** Replaced by tests that want something to fail or to take its time. */
  readonly on: {
    adopt?: (id: ContainerId) => Promise<Adopted>;
    start?: (request: StartRequest) => Promise<void>;
    kill?: (id: ContainerId) => Promise<void>;
    exec?: (request: ExecRequest) => Promise<Exec>;
    release?: (id: ContainerId, cut: boolean) => Promise<void>;
    /** The files of a removed container are gone. */
    emptied?: () => Promise<void>;
    /** The lease of a container is given back. */
    free?: (holder: string) => void;
    withdraw?: (id: ContainerId) => Promise<void>;
    networks?: (assignment: readonly { readonly name: string }[]) => Promise<void>;
    names?: (count: number) => void;
    failpoint?: (name: string) => void;
    image?: ImageConfigOf;
  };
  open(): Promise<Agent>;
  remove(): void;
};
type ImageConfigOf = { readonly Volumes?: Readonly<Record<string, object>> };

/** Until it holds, however busy the machine is. */
export const eventually = <T>(holds: () => T | Promise<T>): Promise<T> => vi.waitFor(holds, WAIT_MS);
const WAIT_MS = 15_000;

/** Waits for the disk while timers stand still. */
export async function untilDone(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

export function makeRooms(): Rooms {
  const root = mkdtempSync(join(tmpdir(), 'orc-agent-'));
  const alive = new Map<ContainerId, Fake>();
  const on: Rooms['on'] = {};
  const log: string[] = [];
  const reports: Report[] = [];
  let taken = 0;
  const rooms: Rooms = {
    root,
    alive,
    on,
    log,
    reports,
    options: optionsOf({ root, on, alive, log, reports, address: () => (taken += 1) }),
    open: () => openAgent(rooms.options),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  return rooms;
}

type Parts = Pick<Rooms, 'root' | 'on' | 'alive' | 'log' | 'reports'> & { address(): number };

function optionsOf(parts: Parts): AgentOptions {
  const { root, on, log, reports } = parts;
  let chance = 0;
  return {
    root,
    run: join(root, 'run'),
    node: NODE,
    runtime: runtimeOf(parts),
    images: imagesOf(parts),
    network: networkOf(parts),
    events: openEvents(CLOCK, 0),
    clock: CLOCK,
    random: {
      bytes: (count) => Buffer.from(`a${(chance += 1).toString(16).padStart(2 * count - 1, '0')}`, 'hex'),
      number: () => 0.5,
    },
    emit: (level, message) => void log.push(`${level}: ${message}`),
    failpoint: (name) => on.failpoint?.(name),
    cores: 2,
    file: () => undefined,
    grow: () => Promise.resolve(),
    report: async (report) => void reports.push(report),
  };
}

const CLOCK: AgentOptions['clock'] = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

function runtimeOf({ on, alive }: Parts): AgentOptions['runtime'] {
  const runtime: Partial<AgentOptions['runtime']> = {
    async start(request) {
      await on.start?.(request);
      // Throws where whom it joins does not run.
      request.join?.();
      const running = runningOf(request.id, request.attempt, { alive, on });
      alive.set(request.id, running);
      return running;
    },
    async adopt(id) {
      if (on.adopt !== undefined) return on.adopt(id);
      const running = alive.get(id);
      return running === undefined ? { state: 'none' } : { state: 'running', running };
    },
    remove: async () => on.emptied?.(),
    release: async () => {},
    sweep: async () => {},
  };
  return runtime as AgentOptions['runtime'];
}

export function runningOf(
  id: ContainerId,
  attempt: number,
  { alive, on }: Pick<Rooms, 'alive' | 'on'>,
): Fake {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const end: Fake['end'] = (exit = {}) => {
    alive.delete(id);
    resolve({ code: 0, oomKilled: false, at: Date.now(), reason: 'exit', ...exit });
  };
  const signals: string[] = [];
  const running: Partial<Fake> = {
    id,
    pid: 1000 + attempt,
    attempt,
    startedAt: Date.now(),
    exited,
    signals,
    end,
    async signal(name) {
      signals.push(name);
      if (name === 'SIGTERM' || name === 'SIGKILL') end({ code: 128 + 15, reason: 'signal' });
    },
    async kill() {
      await on.kill?.(id);
      end({ code: 137, reason: 'signal' });
    },
    exec: (request) => (on.exec ?? notHere)(request),
  };
  return running as Fake;
}

const notHere = (): Promise<never> => Promise.reject(new Error('this test executes nothing'));

function imagesOf({ on }: Parts): AgentOptions['images'] {
  const images: Partial<AgentOptions['images']> = {
    resolve: async () => ({ ...IMAGE, config: { Volumes: on.image?.Volumes ?? {} } }) as never,
    lease: async () => {},
    release: async (holder) => on.free?.(holder),
  };
  return images as AgentOptions['images'];
}

function networkOf({ on, address }: Parts): AgentOptions['network'] {
  const etc = { hosts: '', hostname: '', resolvConf: '' };
  const bridge = { name: 'bridge', status: { subnets: [], blocks: [], index: 0 } };
  const network: Partial<AgentOptions['network']> = {
    networks: async (wanted) => on.networks?.(wanted),
    names: (records) => on.names?.(records.length),
    defaultNetwork: bridge as never,
    allocate: (_, name): Endpoint => {
      if (name !== 'bridge') throw fail('notfound.network', `there is no network ${name} on this host`);
      return { network: name, interface: 'eth0', ipv4: `10.0.0.${address()}`, mac: '', aliases: [] };
    },
    sandbox: async () => ({ namespace: '/none', ops: [], etc }),
    attached: async () => {},
    publish: async (_, __, ports) => ports,
    withdraw: async (id) => on.withdraw?.(id),
    unpublish: async () => {},
    release: async (id, options) => on.release?.(id, options?.cut === true),
    register: () => {},
    recover: async () => {},
  };
  return network as AgentOptions['network'];
}

export const SPEC: ContainerSpec = { image: 'box', command: ['run'] };

export const taskOf = (name: string, more: Partial<AssignedTask> = {}): AssignedTask => ({
  id: name as ObjectId,
  containerId: Buffer.from(name).toString('hex').padEnd(64, '0') as ContainerId,
  name,
  project: 'shop',
  service: 'web',
  slot: 1,
  revision: 1,
  container: SPEC,
  endpoints: [],
  desired: { state: 'run', generation: 1 },
  ...more,
});

let revision = 0;
export const assignmentOf = (tasks: readonly AssignedTask[], more: Partial<Assignment> = {}): Assignment => ({
  node: NODE,
  revision: (revision += 1),
  tasks,
  networks: [],
  volumes: [],
  secrets: [],
  configs: [],
  names: [],
  ...more,
});
