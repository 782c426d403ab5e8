/** Which containers are as their services want them now, and which of those are still to be started. */
import type { Client, ProjectView } from '@orc/api/client';
import type { TaskObj } from '@orc/model';
import { viewOf } from './watch.ts';

export type Current = {
  /** Whether the container counts for its service; what an `up` replaces does not, as long as it is still there. */
  has(id: string): Promise<boolean>;
  /** A start of it was asked for, and is still to come: its end is the first half of a restart. */
  isToStart(id: string): Promise<boolean>;
};

/** To be made after the change: who counts then goes on to count. */
export function currentOf(client: Client, project: string): Current {
  const known = new Map<string, boolean>();
  const look = async (): Promise<ProjectView | null> => {
    const view = await viewOf(client, project);
    for (const [id, current] of membersOf(view)) if (!known.has(id)) known.set(id, current);
    return view;
  };
  return {
    has: async (id) => {
      if (!known.has(id)) await look();
      // Its task is there before it is: a container without one is no service's.
      if (!known.has(id)) known.set(id, false);
      return known.get(id) === true;
    },
    isToStart: async (id) => {
      const view = await look();
      const task = view?.tasks.find((each) => each.spec.containerId === id);
      return view !== null && task !== undefined && isPending(view, task);
    },
  };
}

function membersOf(view: ProjectView | null): readonly (readonly [string, boolean])[] {
  const current = new Set<string>(
    (view?.verdicts ?? []).flatMap(({ tasks }) =>
      tasks.filter((each) => each.current).map(({ task }) => task),
    ),
  );
  return (view?.tasks ?? []).map(({ id, spec }) => [spec.containerId, current.has(id)]);
}

function isPending({ services }: ProjectView, { spec, status }: TaskObj): boolean {
  const asked = services.find((each) => each.id === spec.serviceId)?.spec;
  if (asked?.desired !== 'run' || spec.desired.state === 'remove') return false;
  const begun = spec.desired.state === 'run' && status.generation >= spec.desired.generation;
  return !begun || (spec.generation ?? 0) < asked.generation;
}
