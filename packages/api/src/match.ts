/** Finds the row of a route table for a method and a path. */
import { type Problem, fail } from '@orc/model';
import { segmentsOf } from './request.ts';
import type { Route, RouteTable } from './routes.ts';

export type Found = { readonly route: Route; readonly params: Readonly<Record<string, string>> };
export type Matcher = (method: string, path: string) => Found;

type Row = { readonly route: Route; readonly segments: readonly string[] };

/** Throws `notfound.route` for an unknown path and `usage.invalid` for a known one with another method. */
export function createMatcher(tables: readonly RouteTable[]): Matcher {
  const rows = tables.flatMap(({ prefix, routes }) =>
    routes.map((route): Row => ({ route, segments: `${prefix}${route.path}`.slice(1).split('/') })),
  );
  const prefixes = tables.map((table) => table.prefix);
  return (method, path) => {
    const segments = segmentsOf(path);
    const fitting = segments === undefined ? [] : rows.filter((row) => fits(row.segments, segments));
    const row = fitting.filter((each) => each.route.method === method).sort(byLiterals)[0];
    if (row !== undefined && segments !== undefined)
      return { route: row.route, params: paramsOf(row, segments) };
    throw fitting.length > 0 ? wrongMethod(method, path, fitting) : unknown(path, prefixes);
  };
}

const isParam = (segment: string): boolean => segment.startsWith('{');
const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((each, index) => isParam(each) || each === segments[index]);

/** `/images/pull` before `/images/{id}`. */
const byLiterals = (a: Row, b: Row): number =>
  a.segments.filter(isParam).length - b.segments.filter(isParam).length;

const paramsOf = (row: Row, segments: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    row.segments.flatMap((each, index) =>
      isParam(each) ? [[each.slice(1, -1), segments[index] as string]] : [],
    ),
  );

const wrongMethod = (method: string, path: string, fitting: readonly Row[]): Error =>
  fail('usage.invalid', `${path} does not take ${method}`, {
    hint: `use ${fitting.map((row) => row.route.method).join(' or ')}`,
  });

function unknown(path: string, prefixes: readonly string[]): Error {
  const known = prefixes.some((prefix) => path.startsWith(`${prefix}/`));
  const hint: Problem['hint'] = known
    ? 'the daemon may be of another version than its client: see orc version'
    : `this daemon serves ${prefixes.map((each) => `${each}/…`).join(', ')}`;
  return fail('notfound.route', `there is no route ${path}`, { hint });
}
