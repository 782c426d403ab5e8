/** Rows of the image store as progress: pulls by layer, builds by step, bootstraps by phase. */
import type { ImageProgress } from '@orc/api/client';
import { OrcError, type Problem, fail } from '@orc/model';
import { Problems } from '../cli/problems.ts';
import { IMAGE_QUIET_MS } from '../limits.ts';
import type { Progress, Reporter } from '../report/reporter.ts';

export type ImageWords = {
  readonly working: string;
  readonly done: string;
  /**
   * The image that has the name already. Then nothing is shown until something is really done, and the row ends with
   * `Up to date` when the result is that image again.
   */
  readonly known?: string;
  /** What a user calls off, and the sentence that says so: rows then end early, or fail in some way. */
  readonly canceled?: { readonly by: AbortSignal; readonly message: string };
};

/** Shows rows of the image store under one name; gives the resulting id, if there is one. Throws `canceled`. */
export async function showImage(
  reporter: Reporter | undefined,
  id: string,
  words: ImageWords,
  rows: AsyncIterable<ImageProgress>,
): Promise<string> {
  let result = '';
  const refused: ImageProgress[] = [];
  const shown = words.known === undefined ? shownAtOnce(reporter) : heldBack(reporter);
  shown.update({ id, text: words.working, state: 'working' });
  try {
    for await (const row of rows) {
      if (row.problem !== undefined) throw new OrcError(row.problem);
      if (row.result?.id !== undefined) result = row.result.id;
      if (isRefusal(row)) refused.push(row);
      else if (row.result === undefined) shown.update(progressOf(id, row, words.working));
    }
    mustGoOn(words);
    const same = shown.drop() && result === words.known;
    reporter?.update({ id, text: same ? 'Up to date' : words.done, state: 'done' });
    return result;
  } catch (error) {
    shown.release();
    const text = words.canceled?.by.aborted ? 'Canceled' : 'Error';
    reporter?.update({ id, text, state: 'error' });
    mustGoOn(words);
    throw error instanceof OrcError ? failureOf(error.problem, refused.length > 0) : error;
  }
}

function mustGoOn({ canceled }: ImageWords): void {
  if (canceled?.by.aborted) throw fail('canceled', canceled.message);
}

/** A problem of the Dockerfile, told ahead of the failure that says the same. */
const isRefusal = ({ id, status }: ImageProgress): boolean =>
  id !== undefined && !id.startsWith('[') && status === 'ERROR';

/** All problems of a Dockerfile come as one, the others as its causes. */
function failureOf(problem: Problem, all: boolean): Error {
  if (!all || problem.cause === undefined) return new OrcError(problem);
  const problems: Problem[] = [];
  for (let each: Problem | undefined = problem; each !== undefined; each = each.cause) problems.push(each);
  return new Problems(problems.map(({ cause: _cause, ...rest }) => rest));
}

type Shown = {
  update(progress: Progress): void;
  release(): void;
  /** Forgets what was not shown; whether nothing was. */
  drop(): boolean;
};

const shownAtOnce = (reporter: Reporter | undefined): Shown => ({
  update: (progress) => reporter?.update(progress),
  release: () => undefined,
  drop: () => false,
});

/** Until a step is not out of the cache, or takes its time. */
function heldBack(reporter: Reporter | undefined): Shown {
  let held: Progress[] | undefined = [];
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearTimeout(timer);
    for (const each of held ?? []) reporter?.update(each);
    held = undefined;
  };
  return {
    update(progress) {
      if (held === undefined) return reporter?.update(progress);
      held.push(progress);
      if (!isCached(progress)) return release();
      clearTimeout(timer);
      timer = setTimeout(release, IMAGE_QUIET_MS);
    },
    release,
    drop() {
      clearTimeout(timer);
      const nothing = held !== undefined;
      held = undefined;
      return nothing;
    },
  };
}

const isCached = ({ id, parent, text, output }: Progress): boolean =>
  output === undefined &&
  (parent === undefined ||
    /^(START|CACHED)$/.test(text) ||
    (/^\[[^\]]*\] FROM /.test(id) && text.startsWith('DONE')));

/** A line each for some hundred packages says no more than the phase. */
const PHASES: Readonly<Record<string, string>> = {
  Retrieving: 'Retrieving packages',
  Validating: 'Retrieving packages',
  Extracting: 'Extracting packages',
  Unpacking: 'Unpacking packages',
  Configuring: 'Configuring packages',
};

function progressOf(parent: string, row: ImageProgress, working: string): Progress {
  const [, verb = '', detail = ''] = /^(\w+) (.+)$/.exec(row.status) ?? [];
  const phase = PHASES[verb];
  if (phase !== undefined && row.total === undefined)
    return { id: parent, text: phase, detail, state: 'working' };
  // The tag, which is in the image's name already.
  const own = row.id === undefined || row.status.startsWith('Pulling from ');
  return {
    ...(own || row.id === undefined
      ? { id: parent, text: row.output === undefined ? row.status : working }
      : { id: row.id, parent, text: row.status }),
    state: own ? 'working' : stateOf(row.status),
    ...(row.current === undefined ? {} : { current: row.current }),
    ...(row.total === undefined ? {} : { total: row.total }),
    ...(row.output === undefined ? {} : { output: row.output }),
  };
}

/** `Pull complete` and `Already exists` of layers; `DONE 0.1s`, `CACHED` and `ERROR` of build steps. */
function stateOf(status: string): Progress['state'] {
  if (/complete|exists|done|cached/i.test(status)) return 'done';
  return /^error/i.test(status) ? 'error' : 'working';
}
