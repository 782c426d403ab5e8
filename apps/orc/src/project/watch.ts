/** Follows a project until a judgement on it is reached. Events only say when to look again: the state decides. */
import type { Client, ProjectView } from '@orc/api/client';
import { OrcError, defined, fail } from '@orc/model';
import { QUIET_LOOK_MS, TIMER_MS_MAX, UNREADY_TOLD_MAX } from '../limits.ts';

export type Verdict = 'wait' | 'done';

export type Watch = {
  readonly project: string;
  /** Events after this one, absent: those to come; what happened before is in the first look. */
  readonly eventIndex?: number;
  /** Called with each view (null when the project is gone) and how long nothing has happened. Throws to fail. */
  readonly judge: (view: ProjectView | null, quietMs: number) => Verdict;
  /** What is still missing, for who has waited too long. */
  readonly unready?: (view: ProjectView) => readonly string[];
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
};

/** Resolves with whether it was done; false when the signal ended it. Throws `timeout`. */
export async function watchProject(client: Client, watch: Watch): Promise<boolean> {
  const late = new AbortController();
  const over = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.min(watch.timeoutMs ?? TIMER_MS_MAX, TIMER_MS_MAX));
  const signals = [late.signal, over.signal, ...(watch.signal === undefined ? [] : [watch.signal])];
  try {
    const done = await looking(client, watch, AbortSignal.any(signals));
    if (!done && late.signal.aborted) throw tooLate(watch, await viewOf(client, watch.project));
    return done;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

function tooLate({ project, timeoutMs = 0, unready }: Watch, view: ProjectView | null): Error {
  const missing = view === null ? [] : (unready?.(view) ?? []);
  const told = missing.slice(0, UNREADY_TOLD_MAX).join('; ');
  const more = missing.length - UNREADY_TOLD_MAX;
  const why = told === '' ? '' : ` (${told}${more > 0 ? `; and ${more} more` : ''})`;
  return fail('timeout', `the project ${project} was not ready after ${timeoutMs / 1000} s${why}`, {
    hint: 'see "orc ps" and "orc logs"',
  });
}

async function looking(client: Client, watch: Watch, signal: AbortSignal): Promise<boolean> {
  const changed = ticker();
  void pump(client, watch, signal, changed.tick).catch(changed.fail);
  signal.addEventListener('abort', () => changed.tick());
  let heard = performance.now();
  while (!signal.aborted) {
    const next = changed.next();
    if (watch.judge(await viewOf(client, watch.project), performance.now() - heard) === 'done') return true;
    const quiet = setTimeout(changed.tick, QUIET_LOOK_MS, true);
    if (!(await next)) heard = performance.now();
    clearTimeout(quiet);
  }
  return false;
}

async function pump(client: Client, watch: Watch, signal: AbortSignal, tick: () => void): Promise<void> {
  const filters = { type: ['task', 'project', 'container'] };
  const after = defined({ afterIndex: watch.eventIndex });
  for await (const event of client.events({ ...after, filters }, signal)) {
    const { project = '' } = event.actor.attributes;
    if (project === watch.project || event.actor.id === watch.project) tick();
  }
}

export async function viewOf(client: Client, project: string): Promise<ProjectView | null> {
  try {
    return await client.getProject(project);
  } catch (error) {
    if (error instanceof OrcError && error.problem.code === 'notfound.project') return null;
    throw error;
  }
}

/** `next` resolves with whether it was only time that passed. */
type Ticker = { tick(quiet?: boolean): void; fail(error: unknown): void; next(): Promise<boolean> };

/** Many ticks while nobody waits are one. */
function ticker(): Ticker {
  let current = Promise.withResolvers<boolean>();
  current.promise.catch(() => undefined);
  return {
    tick: (quiet = false) => current.resolve(quiet),
    fail: (error) => current.reject(error),
    next: () => {
      current = Promise.withResolvers<boolean>();
      current.promise.catch(() => undefined);
      return current.promise;
    },
  };
}
