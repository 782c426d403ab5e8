/** Engine commands on a task's container (DECISIONS 3): through the log, and seen through. */
import { actProject, judgeProject } from '@orc/cluster';
import { type ContainerOwner, fail, OrcError } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { TaskAction } from './containers.ts';
import { outcomeOf } from './outcome.ts';
import { decide, type ProjectParts } from './projects.ts';

/** Resolves when the agent has done it. Whoever gives up (`signal`) ends the wait; what was asked for stays asked for. */
export async function actOnTask(
  { replica, events, world }: ProjectParts,
  owner: ContainerOwner,
  action: TaskAction,
  signal: AbortSignal,
): Promise<void> {
  const { project, service } = owner;
  const { kind } = action;
  const before = events.lastIndex;
  const request = requestOf(owner, action);
  await decide(replica, kind, (state, proposer) => actProject(state, project, request, proposer));
  const done = (): boolean => {
    const outcome = outcomeOf(judgeProject(replica.state(), project), owner, kind);
    if (outcome.come === 'failed') throw new OrcError(outcome.problem);
    return outcome.come === 'reached';
  };
  if (done()) return;
  const late = new AbortController();
  const cancel = world.clock.after(LIMITS.taskActionMs, () => late.abort());
  try {
    const over = AbortSignal.any([late.signal, signal]);
    for await (const event of events.watch({ afterIndex: before, signal: over }))
      if (event.type === 'task' && done()) return;
  } finally {
    cancel();
  }
  if (signal.aborted) throw givenUp(signal);
  throw fail('timeout', `${kind} of a container of ${service} has not come about`, {
    hint: `it is still wanted: see "orc ps" of ${project}`,
    retry: true,
  });
}

type Request = Parameters<typeof actProject>[2];

function requestOf({ service, slot }: ContainerOwner, action: TaskAction): Request {
  const of = { services: [service], slot };
  if (action.kind === 'rm') return { kind: 'rm', ...of, volumes: action.volumes, stop: action.force };
  const { kind, timeoutMs, signal } = action;
  return {
    kind,
    ...of,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
}

const givenUp = ({ reason }: AbortSignal): OrcError =>
  reason instanceof OrcError ? reason : fail('canceled', 'the wait was given up');
