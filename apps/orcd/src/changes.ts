/** What entries of the log mean to watchers: events of tasks, projects, networks and volumes. */
import { all, type State } from '@orc/cluster';
import { type AnyObj, explainWait, type Kind, type TaskObj } from '@orc/model';
import type { EventStream } from '@orc/telemetry';

const NAMED: readonly Kind[] = ['project', 'network', 'volume'];

export function publishChanges(events: EventStream, before: State, after: State): void {
  for (const kind of NAMED) publishNamed(events, kind as 'project' | 'network' | 'volume', before, after);
  if (before.tables.task !== after.tables.task) publishTasks(events, before, after);
}

function publishNamed(
  events: EventStream,
  kind: 'project' | 'network' | 'volume',
  before: State,
  after: State,
): void {
  const [old, now] = [before.tables[kind].byId, after.tables[kind].byId];
  if (old === now) return;
  for (const object of now.values() as Iterable<AnyObj>) {
    if (!old.has(object.id)) events.publish(kind, 'create', object.name, { name: object.name });
  }
  for (const object of old.values() as Iterable<AnyObj>) {
    if (!now.has(object.id)) events.publish(kind, 'remove', object.name, { name: object.name });
  }
}

function publishTasks(events: EventStream, before: State, after: State): void {
  for (const task of all(after, 'task')) {
    const old = before.tables.task.byId.get(task.id) as TaskObj | undefined;
    if (old === task) continue;
    if (old === undefined || tellingOf(old) !== tellingOf(task))
      events.publish('task', 'phase', task.id, attributesOf(task));
  }
  for (const task of all(before, 'task')) {
    if (!after.tables.task.byId.has(task.id))
      events.publish('task', 'phase', task.id, { ...attributesOf(task), phase: 'removed' });
  }
}

const tellingOf = ({ spec, status }: TaskObj): string =>
  [
    spec.desired.state,
    spec.desired.generation,
    JSON.stringify(spec.pending),
    status.attempt,
    status.phase,
    status.health,
    status.generation,
    status.problem?.message,
  ].join('\n');

function attributesOf(task: TaskObj): Record<string, string> {
  const { spec, status } = task;
  const message = status.problem?.message ?? (spec.pending && explainWait(spec.pending));
  return {
    project: spec.project,
    service: spec.service,
    slot: String(spec.slot),
    name: task.name,
    container: spec.containerId,
    desired: spec.desired.state,
    phase: status.phase,
    health: status.health,
    ...(status.exit === undefined ? {} : { exitCode: String(status.exit.code) }),
    ...(message === undefined ? {} : { message }),
    ...(status.problem?.hint === undefined ? {} : { hint: status.problem.hint }),
  };
}
