/**
 * What one load carries along: the facts that the caller has read, what is still missing, and the problems
 * found so far. It is filled while the phases run and belongs to one call of `loadProject`.
 */
import { type Problem, type ProblemCode, type Where, defined } from '@orc/model';
import { posix } from 'node:path';
import { LIMITS } from '../limits.ts';
import type { Fact, Need } from '../types.ts';
import { type Node, type Path, type Place, type Source, whereOf } from './node.ts';

export type Loading = {
  readonly cwd: string;
  readonly facts: ReadonlyMap<string, Fact>;
  readonly needs: Map<string, Need>;
  readonly problems: Problem[];
  /** Where each was reported, to its last character. */
  readonly places: Map<Problem, Place>;
  /** Problems seen, so that a node that stands in two services (an alias) is reported once. */
  readonly seen: Set<string>;
  /** Attributes that did their work, or had none, and are not in the tree any more. */
  readonly taken: Taken[];
  /** Where errors stand: what is below them is not looked at as if it were sound. */
  readonly faults: Set<string>;
  /** Lines with values that nobody is to see, as `lineOf` names them. */
  readonly secretLines: Set<string>;
  readonly sources: Map<string, Source>;
  readonly home: string | undefined;
  readonly interpolate: boolean;
  /** Whether relative paths become absolute. */
  readonly resolvePaths: boolean;
};

export const lineOf = ({ file, line }: Where): string => `${line}\0${file}`;

export type Taken = {
  readonly path: Path;
  readonly key: Place;
  readonly end: number;
  /** Absent: honoured. */
  readonly why?: string;
};

type More = {
  readonly hint?: string | undefined;
  /** The line where the place's own may hold secrets. */
  readonly excerpt?: string;
  readonly severity?: 'warning';
};

/** Adds a problem at a place; the same words at the same place only once. */
export function report(
  loading: Loading,
  code: ProblemCode,
  target: Node | Place | undefined,
  message: string,
  more: More = {},
): void {
  const place = target === undefined ? undefined : 'kind' in target ? target.place : target;
  if (place !== undefined && isError(code, more)) loading.faults.add(keyOf(place));
  const key = `${place?.source.path}\0${place?.start}\0${followsUp(code, more, place) ? code : message}`;
  if (loading.seen.has(key) || loading.seen.size > LIMITS.problemsMax * 10) return;
  loading.seen.add(key);
  const problem: Problem = {
    code,
    message,
    ...(place === undefined ? {} : { where: { ...whereOf(place), ...defined({ excerpt: more.excerpt }) } }),
    ...(more.hint === undefined ? {} : { hint: more.hint }),
    ...(more.severity === undefined ? {} : { severity: more.severity }),
  };
  loading.problems.push(problem);
  if (place !== undefined) loading.places.set(problem, place);
}

const isError = (code: ProblemCode, more: Pick<Problem, 'severity'>): boolean =>
  more.severity !== 'warning' && code !== 'compose.unsupported';

const keyOf = ({ source, start, end }: Place): string => `${start}\0${end}\0${source.path}`;

export const isFault = (loading: Loading, place: Place): boolean => loading.faults.has(keyOf(place));

/** A value of a wrong form, or not honoured, fails later phases as well: the first problem at a place says it. */
const followsUp = (code: ProblemCode, more: More, place: Place | undefined): boolean =>
  (code === 'compose.schema' || code === 'compose.unsupported') &&
  more.severity === undefined &&
  place !== undefined;

export const warn = (
  loading: Loading,
  code: ProblemCode,
  target: Node | Place | undefined,
  message: string,
  hint?: string,
): void => report(loading, code, target, message, { hint, severity: 'warning' });

export const hasErrors = (loading: Loading): boolean =>
  loading.problems.some((each) => isError(each.code, each));

/** What was read at an absolute path; `undefined` after noting that it is needed. */
export function factOf(loading: Loading, path: string): Read | undefined {
  const fact = loading.facts.get(path);
  if (fact !== undefined && fact.kind !== 'present') return fact;
  loading.needs.set(path, { path });
  return undefined;
}

type Read = Exclude<Fact, { kind: 'present' }>;

/** What is at an absolute path, which need not be read; `undefined` after noting that it is needed. */
export function presenceOf(loading: Loading, path: string): Fact | undefined {
  const fact = loading.facts.get(path);
  if (fact === undefined && !loading.needs.has(path)) loading.needs.set(path, { path, presence: true });
  return fact;
}

/** How problems name a path: relative when it lies near the working directory, and has a name from there. */
export function shownName(loading: Loading, path: string): string {
  if (path === '-') return '(standard input)';
  const relative = posix.relative(loading.cwd, path);
  return /^(\.\.\/){3}|^(\.\.\/?)*$/.test(relative) ? path : relative;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const decoded = new WeakMap<Fact, string | null>();

/** The text of a file's fact; `null` when it is not UTF-8. */
export function factText(fact: Fact & { kind: 'file' | 'text' }): string | null {
  if (fact.kind === 'text') return fact.text;
  const known = decoded.get(fact);
  if (known !== undefined) return known;
  let text: string | null;
  try {
    text = decoder.decode(fact.data);
  } catch {
    text = null;
  }
  decoded.set(fact, text);
  return text;
}

export function sourceOf(loading: Loading, path: string, text: string, secret = false): Source {
  const known = loading.sources.get(path);
  if (known !== undefined) return known;
  const source = { file: shownName(loading, path), path, text, secret };
  loading.sources.set(path, source);
  return source;
}
