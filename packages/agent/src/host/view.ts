/** How a container looks to others: its task's status, its row in lists. */
import type { Container, Exit, Health, Problem, TaskPhase, TaskStatus } from '@orc/model';
import type { Failure } from './failures.ts';
import type { State, Stored } from './folder.ts';

/** What a life knows of itself. */
export type View = {
  readonly stored: Stored;
  readonly state: State;
  readonly health: Health;
  readonly healthLog?: Container['healthLog'] | undefined;
  readonly pid?: number | undefined;
  readonly exit?: Exit | undefined;
  readonly failure?: Failure | undefined;
  /** Why nobody knows how it does. */
  readonly outOfReach?: Problem | undefined;
  readonly prepared: boolean;
  readonly preparing: boolean;
  /** The policy wants another attempt, then. */
  readonly restartAt?: number | undefined;
  readonly removed: boolean;
  readonly volumePath: (name: string) => string;
  readonly logPath?: string | undefined;
};

function phaseOf({ state, pid, exit, failure, prepared, preparing, restartAt, removed }: View): TaskPhase {
  if (removed) return 'removed';
  if (pid !== undefined) return 'running';
  if (failure !== undefined) return failure.phase;
  if (preparing || restartAt !== undefined) return 'preparing';
  const toCome = state.desired.state === 'run' && state.desired.generation > state.actedGeneration;
  if (exit !== undefined && !toCome) return 'exited';
  return prepared ? 'ready' : 'assigned';
}

export function taskStatusOf(view: View): TaskStatus {
  const { state, failure, exit, pid, health, restartAt } = view;
  return {
    attempt: state.attempt,
    phase: phaseOf(view),
    health,
    generation: failure?.generation ?? state.actedGeneration,
    restarts: state.restarts,
    ports: state.ports,
    ...(exit === undefined ? {} : { exit }),
    ...(pid === undefined ? {} : { pid }),
    ...(state.startedAt === undefined ? {} : { startedAt: state.startedAt }),
    ...(failure === undefined ? {} : { problem: failure.problem }),
    ...(restartAt === undefined ? {} : { restartAt }),
  };
}

function statusOf({ state, pid, exit, restartAt, outOfReach }: View): Container['status'] {
  if (pid !== undefined || outOfReach !== undefined) return 'running';
  if (state.desired.state === 'remove') return 'removing';
  if (restartAt !== undefined) return 'restarting';
  return exit === undefined ? 'created' : 'exited';
}

/** Those that the user named, and those that the first start made. */
function volumesOf({ stored, state, volumePath }: View): NonNullable<Container['volumes']> {
  const named = (stored.spec.mounts ?? []).flatMap((mount) =>
    mount.type === 'volume' && mount.source !== undefined ? [[mount.target, mount.source] as const] : [],
  );
  const all = [...Object.entries(state.volumes), ...named];
  return Object.fromEntries(all.map(([target, name]) => [target, { name, path: volumePath(name) }]));
}

export function containerOf(view: View): Container {
  const { stored, state, health, healthLog, pid, exit } = view;
  const problem = view.outOfReach ?? view.failure?.problem;
  return {
    id: stored.id,
    name: stored.name,
    createdAt: stored.createdAt,
    ...(stored.owner === undefined ? {} : { owner: stored.owner }),
    spec: stored.spec,
    imageId: state.imageId ?? stored.spec.imageId ?? ('' as Container['imageId']),
    status: statusOf(view),
    health,
    ...(healthLog === undefined ? {} : { healthLog }),
    attempt: state.attempt,
    restarts: state.restarts,
    ...(pid === undefined ? {} : { pid }),
    ...(state.startedAt === undefined ? {} : { startedAt: state.startedAt }),
    ...(exit === undefined ? {} : { exit }),
    endpoints: state.endpoints,
    ports: state.ports,
    argv: state.argv,
    volumes: volumesOf(view),
    ...(state.hostname === undefined ? {} : { hostname: state.hostname }),
    ...(view.logPath === undefined ? {} : { logPath: view.logPath }),
    ...(problem === undefined ? {} : { error: problem.message }),
  };
}
