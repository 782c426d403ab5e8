/** The tasks of the assignment in force: their containers, and the reports about them. */
import {
  type AssignedTask,
  type Assignment,
  type Clock,
  type ContainerId,
  type Emit,
  type ObjectId,
  OrcError,
  type Report,
  type TaskStatus,
  toProblem,
} from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { FileSource } from '../plan/mounts.ts';
import type { Registry } from './registry.ts';
import type { Life } from './life.ts';

export type TaskDeps = {
  readonly node: ObjectId;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly report: (report: Report) => Promise<void>;
  readonly networks: (assignment: Assignment) => Promise<void>;
};

export type Tasks = {
  assign(assignment: Assignment): void;
  /** A container of a task has changed. */
  changed(life: Life): void;
  readonly file: FileSource;
  readonly networksReady: () => Promise<OrcError | undefined>;
  close(): void;
};

/** Tools that list compose projects read it. */
const NUMBER_LABEL = 'com.docker.compose.container-number';

export function openTasks(deps: TaskDeps): Tasks {
  const reporter = openReporter(deps);
  const making = new Map<ContainerId, Promise<Life>>();
  let current: Assignment | undefined;
  const networks = openNetworks(deps);

  const take = async (task: AssignedTask): Promise<void> => {
    const life = deps.registry.lives.get(task.containerId) ?? (await making.get(task.containerId));
    if (life === undefined) return begin(task);
    life.address(task.endpoints);
    const before = life.state.desired;
    const same =
      before.state === task.desired.state &&
      before.generation === task.desired.generation &&
      before.kill === task.desired.kill;
    if (!same) life.desire(task.desired);
  };
  const begin = async (task: AssignedTask): Promise<void> => {
    if (task.desired.state === 'remove') return reporter.removed(task.id);
    const { project, service, slot, volumesOf } = task;
    const made = deps.registry.make({
      id: task.containerId,
      name: task.name,
      spec: { ...task.container, labels: { ...task.container.labels, [NUMBER_LABEL]: String(slot) } },
      owner: { task: task.id, project, service, slot, ...(volumesOf === undefined ? {} : { volumesOf }) },
      endpoints: task.endpoints,
      desired: task.desired,
    });
    making.set(task.containerId, made);
    try {
      await made;
    } catch (error) {
      deps.emit('error', `task ${task.name} could not be made`, { error: String(error) });
      reporter.status(task.id, rejected(task, error));
    } finally {
      making.delete(task.containerId);
    }
  };

  return {
    assign(assignment) {
      if (current !== undefined && assignment.revision < current.revision) return;
      const first = current === undefined;
      current = assignment;
      networks.want(assignment);
      for (const task of assignment.tasks) void take(task);
      removeStrangers(deps.registry, assignment);
      if (first) for (const life of deps.registry.lives.values()) life.unhold();
    },
    changed(life) {
      const task = life.stored.owner?.task;
      if (task === undefined || life.stored.owner?.oneOff === true || life.outOfReach !== undefined) return;
      if (life.removed) reporter.removed(task);
      else reporter.status(task, life.taskStatus());
    },
    file: (kind, name) => current?.[`${kind}s`].find((file) => file.name === name),
    networksReady: networks.ready,
    close: () => {
      networks.close();
      reporter.close();
    },
  };
}

type Networks = {
  want(assignment: Assignment): void;
  ready(): Promise<OrcError | undefined>;
  close(): void;
};

/**
 * One assignment after the other; of those that wait only the newest is looked at. One whose networks cannot be made is
 * tried again until there is a newer one.
 */
function openNetworks({ networks, emit, clock }: TaskDeps): Networks {
  let newest: Assignment | undefined;
  let cancelRetry: (() => void) | undefined;
  let failures = 0;
  let tail: Promise<OrcError | undefined> = Promise.resolve(undefined);
  const make = async (
    assignment: Assignment,
    before: OrcError | undefined,
  ): Promise<OrcError | undefined> => {
    if (assignment !== newest) return before;
    try {
      await networks(assignment);
      failures = 0;
      return undefined;
    } catch (error) {
      emit('error', 'networks could not be made', { error: String(error) });
      retry();
      return error instanceof OrcError ? error : new OrcError(toProblem(error));
    }
  };
  const queue = (assignment: Assignment): void => {
    cancelRetry?.();
    tail = tail.then((before) => make(assignment, before));
  };
  const retry = (): void => {
    const wait = Math.min(LIMITS.retryMs * 2 ** failures, LIMITS.networksRetryMsMax);
    failures += 1;
    cancelRetry = clock.after(wait, () => newest !== undefined && queue(newest));
  };
  return {
    want(assignment) {
      newest = assignment;
      failures = 0;
      queue(assignment);
    },
    close() {
      newest = undefined;
      cancelRetry?.();
    },
    async ready() {
      for (;;) {
        const seen = tail;
        const problem = await seen;
        if (seen === tail) return problem;
      }
    },
  };
}

/** Containers of tasks that no assignment knows any more. */
function removeStrangers(registry: Registry, assignment: Assignment): void {
  const known = new Set(assignment.tasks.map((task) => task.containerId));
  for (const life of registry.lives.values()) {
    const { owner } = life.stored;
    if (
      owner === undefined ||
      owner.oneOff === true ||
      known.has(life.id) ||
      life.state.desired.state === 'remove'
    )
      continue;
    life.desire({ state: 'remove', generation: life.state.desired.generation });
  }
}

function rejected({ desired }: AssignedTask, error: unknown): TaskStatus {
  return {
    attempt: 0,
    phase: 'rejected',
    health: 'none',
    generation: desired.generation,
    problem: toProblem(error),
  };
}

type Reporter = {
  status(task: ObjectId, status: TaskStatus): void;
  removed(task: ObjectId): void;
  close(): void;
};

/** Gathers what changed for a moment; one report is under way at a time; one that fails is sent again with what came since. */
function openReporter({ node, clock, emit, report }: TaskDeps): Reporter {
  let statuses = new Map<ObjectId, TaskStatus>();
  let removed = new Set<ObjectId>();
  let armed = false;
  let closed = false;
  const arm = (): void => {
    if (armed || closed) return;
    armed = true;
    clock.after(LIMITS.reportDelayMs, () => void send());
  };
  const send = async (): Promise<void> => {
    const batch = { statuses, removed };
    statuses = new Map();
    removed = new Set();
    try {
      await report({
        node,
        tasks: [...batch.statuses].map(([id, status]) => ({ id, status })),
        removed: [...batch.removed],
      });
    } catch (error) {
      emit('warn', 'a report was not taken', { error: String(error) });
      statuses = new Map([...batch.statuses, ...statuses]);
      removed = new Set([...batch.removed, ...removed]);
      await clock.sleep(LIMITS.retryMs);
    }
    armed = false;
    if (statuses.size + removed.size > 0) arm();
  };
  return {
    status(task, status) {
      statuses.set(task, status);
      arm();
    },
    removed(task) {
      statuses.delete(task);
      removed.add(task);
      arm();
    },
    close() {
      closed = true;
    },
  };
}
