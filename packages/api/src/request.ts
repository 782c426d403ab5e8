/** A request of HTTP to the input of a handler: path, query and body, each bounded and checked before use. */
import type { IncomingMessage } from 'node:http';
import { OrcError, fail } from '@orc/model';
import { JSON_BODY_TIMEOUT_MS, JSON_DEPTH_MAX } from './limits.ts';

export type Input = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed JSON of a route with one; undefined for an empty body. */
  readonly body: unknown;
  /** The body of a route that takes bytes. */
  readonly stream: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

/** Over unix sockets clients name what they like; a name that a browser was led to by DNS is none of these. */
const HOSTS = new Set(['', 'orc', 'localhost', 'docker', 'd', '127.0.0.1', 'api.moby.localhost']);

/** Refuses what a browser sends on behalf of a page: the socket may be forwarded to a port. */
export function admit(request: IncomingMessage): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined || (site !== undefined && site !== 'none'))
    throw fail('permission.root', 'requests of web pages are refused', {
      hint: 'use orc or a client without Origin',
    });
  if (!HOSTS.has(host.replace(/:\d+$/, '').toLowerCase()))
    throw fail('permission.root', `requests to the host ${host} are refused`, { hint: 'send "Host: orc"' });
}

/** The path's segments, decoded once; undefined when it is no plain path. */
export function segmentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/').map(decoded);
  const plain = (each: string | undefined): boolean => each !== undefined && !['', '.', '..'].includes(each);
  return segments.every(plain) ? (segments as string[]) : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment).includes('\0') ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The body as JSON without `__proto__` keys; undefined when there is none. */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const body = await readWhole(request, bytesMax);
  if (body.length === 0) return undefined;
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw fail('input.invalid', `a body of type ${type || '(none)'} is refused`, {
      hint: 'send Content-Type: application/json',
    });
  return parseJson(body.toString('utf8'));
}

async function readWhole(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLarge = (): OrcError =>
    fail('input.toolarge', `the body is over the limit of ${bytesMax} bytes`, {
      hint: 'send less, or files as a stream',
    });
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge();
  const timer = setTimeout(
    () => request.destroy(fail('timeout', 'the body did not come in time', { retry: true })),
    JSON_BODY_TIMEOUT_MS,
  );
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of bodyOf(request)) {
      size += part.length;
      if (size > bytesMax) throw tooLarge();
      parts.push(part);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts);
}

/** Leaving off early must not cut the connection: the refusal is still to be sent on it. */
export const bodyOf = (request: IncomingMessage): AsyncIterable<Buffer> =>
  request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;

export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail('input.invalid', `the body is not JSON: ${(error as Error).message}`);
  }
  clean(value, 0);
  return value;
}

/** `__proto__` as a key of JSON is an own property that a later copy would turn into a prototype. */
function clean(value: unknown, depth: number): void {
  if (depth > JSON_DEPTH_MAX) throw fail('input.invalid', `the body is nested deeper than ${JSON_DEPTH_MAX}`);
  if (Array.isArray(value)) {
    for (const item of value) clean(item, depth + 1);
  } else if (isObject(value)) {
    if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
    for (const name in value) clean(value[name], depth + 1);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TRUE = new Set(['1', 'true', '']);
const FALSE = new Set(['0', 'false']);

/** `?all`, `?all=1`, `?all=true`. */
export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw fail('input.invalid', `query ${name}=${value} is not true or false`, {
    hint: `write ${name}=1 or ${name}=0`,
  });
}

export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (value === '' || !Number.isFinite(Number(value)))
    throw fail('input.invalid', `query ${name}=${value} is not a number`, { hint: 'write digits' });
  return Number(value);
}

/** docker's `filters`: JSON of name to values, or of name to an object whose keys are the values. */
export function filtersOf(query: URLSearchParams): Readonly<Record<string, readonly string[]>> | undefined {
  const text = query.get('filters');
  if (text === null) return undefined;
  const value = parseJson(text);
  if (!isObject(value))
    throw fail('input.invalid', 'query filters is not an object of JSON', {
      hint: 'write {"status":["running"]}',
    });
  return Object.fromEntries(Object.entries(value).map(([name, values]) => [name, valuesOf(name, values)]));
}

function valuesOf(name: string, values: unknown): readonly string[] {
  if (isObject(values)) return Object.keys(values).filter((key) => values[key] === true);
  if (Array.isArray(values) && values.every((each) => typeof each === 'string')) return values;
  throw fail('input.invalid', `the filter ${name} is not a list of strings`, {
    hint: `write {"${name}":["…"]}`,
  });
}
