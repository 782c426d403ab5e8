/** One step of a stage: found in the cache, or done and remembered. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@orc/model';
import { LAYERS_MAX } from '../../limits.ts';
import type { HistoryEntry, Platform } from '../../plan/documents.ts';
import { formatPlatform } from '../../plan/platform.ts';
import type { StoredLayer } from '../../store/internals.ts';
import type { Step, Work } from '../plan/evaluate.ts';
import { historyEntry } from '../../plan/history.ts';
import { cacheKey } from '../plan/keys.ts';
import type { StageState } from '../plan/state.ts';
import type { CopyPlan } from './copy.ts';
import type { StepProgress } from './progress.ts';
import type { Session } from './session.ts';

/** What a stage has come to. */
export type Built = {
  readonly state: StageState;
  /** The lowest first. */
  readonly layers: readonly StoredLayer[];
  readonly history: readonly HistoryEntry[];
  readonly platform: Platform;
  /** When its newest layer was made: a build from the cache gives the same image again. */
  readonly createdMs: number;
};

/** How to do the work of a step, and what the cache must know of it. */
export type Doing = {
  /** Tried in order; each is one way to say "the same input". */
  readonly keys: AsyncIterable<Key>;
  /**
   * Writes into `upper`, an empty folder on the layers' file system; `scratch` beside it is thrown away. What it returns
   * is copied into `upper` then.
   */
  readonly perform: (upper: string, scratch: string) => Promise<CopyPlan | void>;
};
export type Key = Pick<Parameters<typeof cacheKey>[0], 'content' | 'surroundings'>;

type Done = { readonly layer: StoredLayer; readonly createdMs: number };

export const afterConfig = (built: Built, step: Step): Built => ({
  ...built,
  state: step.state,
  history: [...built.history, historyEntry(built.createdMs, step.createdBy, true, step.state.author)],
});

/** A step that finds what it would write: remembered without a layer, so that it comes out of the cache another time. */
export async function afterNothing(
  session: Session,
  built: Built,
  step: Step & { readonly work: Work },
  progress: StepProgress,
): Promise<Built> {
  const key = cacheKey({ ...partsOf(built, step), content: 'there' });
  const known = session.request.spec.noCache === true ? undefined : await session.internals.cacheGet(key);
  if (known === undefined) await session.internals.cachePut(key, {}, []);
  if (known === undefined) progress.done();
  else progress.cached();
  return afterConfig(built, step);
}

const partsOf = (
  built: Built,
  { work }: { readonly work: Work },
): Omit<Parameters<typeof cacheKey>[0], 'content' | 'surroundings'> => ({
  layers: built.layers.map(({ diffId }) => diffId),
  state: built.state,
  platform: formatPlatform(built.platform),
  work,
});

export async function afterWork(
  session: Session,
  built: Built,
  step: Step & { readonly work: Work },
  doing: Doing,
  progress: StepProgress,
): Promise<Built> {
  const parts = partsOf(built, step);
  const keys: string[] = [];
  for await (const more of doing.keys) {
    const key = cacheKey({ ...parts, ...more });
    const found = await find(session, key);
    if (found === undefined) {
      keys.push(key);
      continue;
    }
    await rememberAll(session, keys, found);
    progress.cached();
    return withLayer(session, built, step, found);
  }
  const done = await session.limit(() => perform(session, built, doing));
  await rememberAll(session, keys, done);
  progress.done();
  return withLayer(session, built, step, done);
}

async function find(session: Session, key: string): Promise<Done | undefined> {
  if (session.request.spec.noCache === true) return undefined;
  const record = await session.internals.cacheGet(key);
  const [layer] = record?.layers ?? [];
  const createdMs = (record?.value as { createdMs?: unknown } | undefined)?.createdMs;
  return layer === undefined || typeof createdMs !== 'number' ? undefined : { layer, createdMs };
}

async function rememberAll(
  session: Session,
  keys: readonly string[],
  { layer, createdMs }: Done,
): Promise<void> {
  for (const key of keys) await session.internals.cachePut(key, { createdMs }, [layer]);
}

async function perform(session: Session, built: Built, doing: Doing): Promise<Done> {
  session.signal.throwIfAborted();
  if (built.layers.length >= LAYERS_MAX) {
    throw fail('input.toolarge', `the image has more than ${LAYERS_MAX} layers`, {
      hint: 'join some RUN or COPY instructions',
    });
  }
  const work = await session.internals.newWorkFolder();
  try {
    const [upper, scratch] = [join(work.folder, 'upper'), join(work.folder, 'scratch')];
    await mkdir(upper);
    await mkdir(scratch);
    const copy = await doing.perform(upper, scratch);
    session.signal.throwIfAborted();
    const layer = await session.internals.commitLayer(upper, {
      signal: session.signal,
      ...(copy === undefined ? {} : { copy }),
    });
    await session.holdings.add([], [layer]);
    return { layer, createdMs: session.internals.clock.now() };
  } finally {
    await work.remove();
  }
}

async function withLayer(
  session: Session,
  built: Built,
  step: Step,
  { layer, createdMs }: Done,
): Promise<Built> {
  await session.holdings.add([], [layer]);
  const newest = Math.max(built.createdMs, createdMs);
  return {
    ...built,
    state: step.state,
    layers: [...built.layers, layer],
    history: [...built.history, historyEntry(newest, step.createdBy, false, step.state.author)],
    createdMs: newest,
  };
}
