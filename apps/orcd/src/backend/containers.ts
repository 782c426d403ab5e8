/** Containers behind the API. What belongs to a task changes through the log (DECISIONS 3). */
import type { Backend, ContainerSummary, ExecState, VolumesFrom } from '@orc/api';
import type { Agent, ExecHandle } from '@orc/agent';
import { type Container, type ContainerOwner, type Healthcheck, healthcheckOf } from '@orc/model';
import type { ImageStore } from '@orc/image';
import { signalNumber } from '@orc/runtime';
import type { EventStream, LogQuery } from '@orc/telemetry';
import { containerFilter } from './filters.ts';
import { noSuchImage } from './images.ts';
import { summaryOf } from './summary.ts';
import { withLentMounts } from './volumes-from.ts';

type ContainersBackend = Pick<
  Backend,
  | 'listContainers'
  | 'createContainer'
  | 'getContainer'
  | 'containerSize'
  | 'startContainer'
  | 'stopContainer'
  | 'restartContainer'
  | 'killContainer'
  | 'removeContainer'
  | 'waitContainer'
  | 'containerLogs'
  | 'attachContainer'
  | 'resizeContainer'
  | 'createExec'
  | 'startExec'
  | 'getExec'
  | 'resizeExec'
>;

export type ContainerParts = {
  readonly agent: Agent;
  readonly images: ImageStore;
  readonly events: EventStream;
  /** Changes the desired state of a task and resolves when the agent has done so; `signal` gives up the wait. */
  readonly actOnTask: (owner: ContainerOwner, action: TaskAction, signal: AbortSignal) => Promise<void>;
  /** Networks and volumes that a container names: the networks exist, the volumes are made. */
  readonly ensure: (spec: Container['spec']) => Promise<void>;
};
export type TaskAction =
  | { readonly kind: 'start' | 'restart' | 'stop'; readonly timeoutMs?: number; readonly signal?: string }
  | { readonly kind: 'kill'; readonly timeoutMs?: never; readonly signal?: never }
  | { readonly kind: 'rm'; readonly force: boolean; readonly volumes: boolean };

const NS_PER_MS = 1_000_000n;
const SIGKILL = 9;
const NEVER = new AbortController().signal;

export const containersBackend = (parts: ContainerParts): ContainersBackend => ({
  ...lookups(parts),
  ...changes(parts),
  ...streams(parts),
  ...execs(parts),
});

const shown = ({ status }: Container): boolean => status === 'running' || status === 'restarting';

function lookups({
  agent,
  images,
}: ContainerParts): Pick<
  ContainersBackend,
  'listContainers' | 'getContainer' | 'containerSize' | 'waitContainer'
> {
  const { containers } = agent;
  return {
    async listContainers({ all, filters }) {
      const wanted = containerFilter(filters);
      const every = all || filters?.['status'] !== undefined;
      const listed = containers.list().filter((each) => every || shown(each));
      const rows = await Promise.all(listed.map((each) => summarize(each, images)));
      return rows.filter(wanted).sort(newestFirst);
    },
    getContainer: async (reference) => effective(containers.get(reference), images),
    async containerSize(reference) {
      const { imageId } = containers.get(reference);
      const writtenBytes = await images.contentBytes(agent.upperFolder(reference));
      // The image may have been removed by force.
      const image = await images.inspect(imageId);
      return { writtenBytes, totalBytes: writtenBytes + (image?.Size ?? 0) };
    },
    waitContainer: (reference, condition, signal) => containers.wait(reference, condition, signal),
  };
}

/** The same after a restart, also of those that were made in one millisecond. */
const newestFirst = (a: ContainerSummary, b: ContainerSummary): number =>
  b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1);

type Changes = Pick<
  ContainersBackend,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'restartContainer'
  | 'killContainer'
  | 'removeContainer'
>;

/** After the volumes were made that it names itself: the lent ones are there, and some of them have no object. */
async function lent(
  spec: Container['spec'],
  volumesFrom: readonly VolumesFrom[],
  { containers }: Agent,
  images: ImageStore,
): Promise<Container['spec']> {
  if (volumesFrom.length === 0) return spec;
  const lenders = volumesFrom.map(async (from) => {
    const container = containers.get(from.container);
    const image = await images.resolve(container.imageId).catch(() => undefined);
    return { from, container, image: image?.config };
  });
  return { ...spec, mounts: withLentMounts(spec.mounts ?? [], await Promise.all(lenders)) };
}

function changes({ agent, images, ensure, actOnTask }: ContainerParts): Changes {
  const { containers } = agent;
  const ownerOf = (reference: string): ContainerOwner | undefined => {
    const { owner } = containers.get(reference);
    return owner === undefined || owner.oneOff === true ? undefined : owner;
  };
  return {
    async createContainer({ name, spec, volumesFrom = [] }) {
      // It is for whoever asks to pull it, with its own name and in its own sight.
      if ((await images.resolve(spec.imageId ?? spec.image)) === undefined) throw noSuchImage(spec.image);
      await ensure(spec);
      const whole = await lent(spec, volumesFrom, agent, images);
      const { id } = await containers.create({ spec: whole, ...(name === undefined ? {} : { name }) });
      return { id, warnings: [] };
    },
    async startContainer(reference, signal = NEVER) {
      const owner = ownerOf(reference);
      await (owner === undefined ? containers.start(reference) : actOnTask(owner, { kind: 'start' }, signal));
    },
    async stopContainer(reference, options, signal = NEVER) {
      const owner = ownerOf(reference);
      await (owner === undefined
        ? containers.stop(reference, graceOf(options))
        : actOnTask(owner, { kind: 'stop', ...options }, signal));
    },
    async restartContainer(reference, options, signal = NEVER) {
      const owner = ownerOf(reference);
      await (owner === undefined
        ? containers.restart(reference, graceOf(options))
        : actOnTask(owner, { kind: 'restart', ...options }, signal));
    },
    async killContainer(reference, signal, canceled = NEVER) {
      const owner = ownerOf(reference);
      const running = containers.get(reference).status === 'running';
      // Another signal need not end it: what is wanted of it stays as it is.
      if (owner === undefined || !running || signalNumber(signal) !== SIGKILL)
        return containers.kill(reference, signal);
      await actOnTask(owner, { kind: 'kill' }, canceled);
    },
    async removeContainer(reference, { force = false, volumes = false }, signal = NEVER) {
      const owner = ownerOf(reference);
      if (owner === undefined) return containers.remove(reference, { force, volumes });
      if (!force) containers.mustBeStopped(reference);
      await actOnTask(owner, { kind: 'rm', force, volumes }, signal);
    },
  };
}

function streams({
  agent: { containers },
}: ContainerParts): Pick<ContainersBackend, 'containerLogs' | 'attachContainer' | 'resizeContainer'> {
  return {
    containerLogs: (reference, query, signal) => containers.logs(reference, logQuery(query, signal)),
    attachContainer: (reference, options) => containers.attach(reference, options),
    resizeContainer: (reference, columns, rows) => containers.resize(reference, columns, rows),
  };
}

function execs({
  agent: { containers },
}: ContainerParts): Pick<ContainersBackend, 'createExec' | 'startExec' | 'getExec' | 'resizeExec'> {
  return {
    async createExec(reference, { argv, env, workingDir, user, tty, stdin, privileged }) {
      const { id } = containers.createExec(reference, {
        argv,
        tty,
        attach: { stdin, stdout: true, stderr: true },
        ...(env === undefined ? {} : { env }),
        ...(workingDir === undefined ? {} : { workingDir }),
        ...(user === undefined ? {} : { user }),
        ...(privileged === undefined ? {} : { privileged }),
      });
      return { id };
    },
    startExec: (id) => containers.getExec(id).start(),
    getExec: async (id) => execState(containers.getExec(id)),
    resizeExec: (id, columns, rows) => containers.getExec(id).resize(columns, rows),
  };
}

const graceOf = ({
  timeoutMs,
  signal,
}: {
  readonly timeoutMs?: number;
  readonly signal?: string;
}): { graceMs?: number; signal?: string } => ({
  ...(timeoutMs === undefined ? {} : { graceMs: timeoutMs }),
  ...(signal === undefined ? {} : { signal }),
});

async function summarize(container: Container, images: ImageStore): Promise<ContainerSummary> {
  const image = await images.resolve(container.imageId).catch(() => undefined);
  return summaryOf(container, image?.config);
}

/** With the health check that is in force, whoever wrote it. */
async function effective(container: Container, images: ImageStore): Promise<Container> {
  const image = await images.resolve(container.imageId).catch(() => undefined);
  const inherited: Healthcheck | undefined = image === undefined ? undefined : healthcheckOf(image.config);
  if (inherited === undefined || container.spec.healthcheck?.test !== undefined) return container;
  return {
    ...container,
    spec: { ...container.spec, healthcheck: { ...inherited, ...container.spec.healthcheck } },
  };
}

function logQuery(query: Parameters<Backend['containerLogs']>[1], signal: AbortSignal): LogQuery {
  const { sinceMs, untilMs, ...rest } = query;
  const ns = (ms: number): bigint => BigInt(Math.trunc(ms)) * NS_PER_MS;
  return {
    ...rest,
    signal,
    ...(sinceMs === undefined ? {} : { sinceNs: ns(sinceMs) }),
    ...(untilMs === undefined ? {} : { untilNs: ns(untilMs) }),
  };
}

function execState(handle: ExecHandle): ExecState {
  const { argv, tty, attach, env, user, workingDir } = handle.request;
  return {
    id: handle.id,
    container: handle.container,
    ...handle.state(),
    config: {
      argv,
      tty,
      stdin: attach.stdin,
      ...(env === undefined ? {} : { env }),
      ...(user === undefined ? {} : { user }),
      ...(workingDir === undefined ? {} : { workingDir }),
    },
  };
}
