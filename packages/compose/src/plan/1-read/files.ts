/** Files as the phases see them: a compose file's documents, or the values of an env file. */
import type { Problem } from '@orc/model';
import { LIMITS } from '../../limits.ts';
import type { Fact } from '../../types.ts';
import { parseDocuments } from '../2-parse/parse.ts';
import type { Lookup } from '../3-interpolate/template.ts';
import { type Loading, factOf, factText, report, shownName, sourceOf } from '../loading.ts';
import type { MapNode, Node, Place, Source } from '../node.ts';
import { normalisedEnv, parseDotenv, parseRawEnv } from './dotenv.ts';

type Parsed = {
  readonly source: Source;
  readonly documents: readonly MapNode[] | undefined;
  readonly problems: readonly Problem[];
};

/** A load asks several times, with the same facts: a text is parsed once. */
const parsedFacts = new WeakMap<Fact, Parsed>();

/** The documents of a compose file; undefined when it is still to be read, or when it was refused. */
export function documentsOf(
  loading: Loading,
  path: string,
  asked: Node | Place | undefined,
): readonly MapNode[] | undefined {
  const fact = factOf(loading, path);
  if (fact === undefined) return undefined;
  const text = usableText(loading, fact, path, asked);
  if (text === undefined) return undefined;
  const known = parsedFacts.get(fact);
  const parsed = known?.source.path === path ? known : parse(loading, path, text);
  parsedFacts.set(fact, parsed);
  loading.sources.set(path, parsed.source);
  for (const problem of parsed.problems) addOnce(loading, problem);
  return parsed.documents;
}

function addOnce(loading: Loading, problem: Problem): void {
  const key = `${problem.where?.file}\0${problem.where?.line}:${problem.where?.column}\0${problem.message}`;
  if (loading.seen.has(key)) return;
  loading.seen.add(key);
  loading.problems.push(problem);
}

function parse(loading: Loading, path: string, text: string): Parsed {
  const alone: Loading = { ...loading, problems: [], seen: new Set() };
  const source = sourceOf(alone, path, text);
  return { source, documents: parseDocuments(alone, source), problems: alone.problems };
}

function usableText(
  loading: Loading,
  fact: Exclude<Fact, { kind: 'present' }>,
  path: string,
  asked: Node | Place | undefined,
): string | undefined {
  const name = shownName(loading, path);
  if (fact.kind === 'file' || fact.kind === 'text') {
    const text = factText(fact);
    if (text === null)
      report(loading, 'compose.file', asked, `${name} is not UTF-8 text`, {
        hint: 'save it as UTF-8',
      });
    return text ?? undefined;
  }
  const why = WHY[fact.kind];
  const message = fact.kind === 'unreadable' ? `${name} cannot be read: ${fact.message}` : `${name} ${why}`;
  report(loading, 'compose.file', asked, message, {
    hint: HINTS[fact.kind]?.(path),
  });
  return undefined;
}

const HINTS: Readonly<Record<string, (path: string) => string>> = {
  missing: (path) => `looked for ${path}`,
  directory: () => 'name a file in it',
};
const WHY = { missing: 'not found', directory: 'is a directory, not a file', unreadable: '' } as const;

export type EnvFileRequest = {
  readonly path: string;
  /** Where the file was asked for: problems about its absence point there. */
  readonly asked: Node | Place | undefined;
  readonly required: boolean;
  readonly raw: boolean;
  readonly lookup: Lookup;
};

/**
 * The values of an env file; none when it is missing and may be, undefined when still to be read or
 * refused.
 */
export function envFileOf(
  loading: Loading,
  request: EnvFileRequest,
): ReadonlyMap<string, string> | undefined {
  const fact = factOf(loading, request.path);
  if (fact === undefined) return undefined;
  if (!request.required && (fact.kind === 'missing' || fact.kind === 'directory')) return new Map();
  const text = usableText(loading, fact, request.path, request.asked);
  if (text === undefined) return undefined;
  const source = sourceOf(loading, request.path, normalisedEnv(text), true);
  if (text.length > LIMITS.envFileBytesMax) {
    report(
      loading,
      'compose.file',
      request.asked,
      `${source.file} is larger than ${LIMITS.envFileBytesMax} bytes`,
    );
    return undefined;
  }
  const { values, errors } = (request.raw ? parseRawEnv : parseDotenv)(text, request.lookup);
  for (const { at, message, ...more } of errors) {
    report(loading, 'compose.syntax', { source, start: at, end: at }, message, more);
  }
  return values;
}
