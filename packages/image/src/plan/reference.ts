/** Image references as docker writes them (distribution/reference): parsed, completed, and shortened for people. */
import { type Digest, fail, isDigest, type OrcError } from '@orc/model';
import { REFERENCE_LENGTH_MAX } from '../limits.ts';

export type Reference = {
  /** `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  /** Absent only when a digest is given. */
  readonly tag?: string;
  readonly digest?: Digest;
};

const DEFAULT_DOMAIN = 'docker.io';
const OFFICIAL = 'library/';
const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/** Throws `input.invalid`. `busybox` becomes docker.io/library/busybox:latest. */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text);
  const { domain, path } = splitName(name);
  if (name.length === 0 || text.length > REFERENCE_LENGTH_MAX) throw invalid(text, 'it is empty or too long');
  if (!DOMAIN.test(domain)) throw invalid(text, `${JSON.stringify(domain)} is not a registry's host`);
  for (const part of path.split('/')) if (!COMPONENT.test(part)) throw invalid(text, componentFault(part));
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `${JSON.stringify(tag)} is not a tag`);
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, `${JSON.stringify(digest)} is not a sha256 digest`);
  const withTag = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    domain,
    path,
    ...(withTag === undefined ? {} : { tag: withTag }),
    ...(digest === undefined ? {} : { digest: digest as Digest }),
  };
}

/** `undefined` instead of a throw, for what may also be an image id. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** `docker.io/library/busybox`. */
export const repositoryOf = (reference: Reference): string => `${reference.domain}/${reference.path}`;

/** Name and tag, completed: the key of the store's table of names. */
export const fullName = (reference: Reference): string =>
  `${repositoryOf(reference)}:${reference.tag ?? 'latest'}`;

/** As docker shows it: `busybox:latest`, `localhost:5000/app:1`, `busybox@sha256:…`. */
export function familiarName(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${familiarRepository(repositoryOf(reference))}${tag}${digest}`;
}

/** `docker.io/library/busybox` to `busybox`; also takes full names with a tag. */
export function familiarRepository(repository: string): string {
  if (!repository.startsWith(`${DEFAULT_DOMAIN}/`)) return repository;
  const path = repository.slice(DEFAULT_DOMAIN.length + 1);
  const short = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  return short.includes('/') && looksLikeDomain(short.slice(0, short.indexOf('/'))) ? repository : short;
}

function splitReference(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf('@');
  const head = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? {} : { digest: text.slice(at + 1) };
  const colon = head.lastIndexOf(':');
  if (colon === -1 || head.indexOf('/', colon) !== -1) return { name: head, ...digest };
  return { name: head.slice(0, colon), tag: head.slice(colon + 1), ...digest };
}

function splitName(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  if (slash === -1) return { domain: DEFAULT_DOMAIN, path: OFFICIAL + name };
  const head = name.slice(0, slash);
  if (!looksLikeDomain(head)) return { domain: DEFAULT_DOMAIN, path: name };
  const domain = head === 'index.docker.io' ? DEFAULT_DOMAIN : head;
  const path = name.slice(slash + 1);
  return { domain, path: domain === DEFAULT_DOMAIN && !path.includes('/') ? OFFICIAL + path : path };
}

const looksLikeDomain = (head: string): boolean =>
  head === 'localhost' || /[.:[]/.test(head) || head !== head.toLowerCase();

const componentFault = (part: string): string =>
  part === ''
    ? 'a part of its name is empty'
    : part !== part.toLowerCase()
      ? `${JSON.stringify(part)} has upper-case letters`
      : `${JSON.stringify(part)} is not a repository's name`;

const invalid = (text: string, why: string): OrcError =>
  fail(
    'input.invalid',
    `invalid image reference ${JSON.stringify(text.slice(0, REFERENCE_LENGTH_MAX))}: ${why}`,
    {
      hint: 'write [host[:port]/]name[:tag][@sha256:digest], in lower case, such as busybox:1.36',
    },
  );
