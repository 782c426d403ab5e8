/** The state as people and the API look at it. */
import {
  COMPOSE_LABELS,
  type NetworkObj,
  type ProjectObj,
  type ServiceObj,
  type ServiceVerdict,
  type TaskObj,
  type VolumeObj,
} from '@orc/model';
import { bySlot, hasEnded, isRunning } from './control/progress.ts';
import { all, named, type State, where } from './state/table.ts';
import { judgeProject } from './verdict.ts';

export type ProjectView = {
  readonly project: ProjectObj;
  readonly services: readonly ServiceObj[];
  readonly tasks: readonly TaskObj[];
  readonly networks: readonly NetworkObj[];
  readonly volumes: readonly VolumeObj[];
  /** One per service, in the same order. */
  readonly verdicts: readonly ServiceVerdict[];
};

export function projectView(state: State, name: string): ProjectView | undefined {
  const project = named(state, 'project', name);
  if (project === undefined) return undefined;
  return {
    project,
    services: where(state, 'service', 'project', name).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    tasks: where(state, 'task', 'project', name).toSorted(bySlot),
    networks: where(state, 'network', 'project', name),
    volumes: where(state, 'volume', 'project', name),
    verdicts: judgeProject(state, name),
  };
}

function wordOf(task: TaskObj): string {
  if (isRunning(task)) return 'running';
  if (hasEnded(task)) return 'exited';
  return task.status.phase === 'preparing' && task.status.attempt > 0 ? 'restarting' : 'created';
}

/** `exited(1), running(2)`, by the words, as `docker compose ls` says it. */
export function projectStatus(state: State, name: string): string {
  const counts = new Map<string, number>();
  for (const task of where(state, 'task', 'project', name)) {
    const word = wordOf(task);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => `${word}(${count})`)
    .join(', ');
}

/** Of its last `up` first, then of services that an earlier one made of others, as `docker compose ls` lists them. */
export function projectFiles(state: State, name: string): readonly string[] {
  const last = named(state, 'project', name)?.spec.configFiles ?? [];
  const written = where(state, 'service', 'project', name).flatMap(
    ({ spec }) => spec.template.labels?.[COMPOSE_LABELS.configFiles]?.split(',') ?? [],
  );
  return [...new Set([...last, ...written])];
}

export const projectNames = (state: State): readonly string[] =>
  all(state, 'project')
    .map((project) => project.name)
    .sort();
