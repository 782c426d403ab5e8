/** One registry's API for one repository (OCI distribution-spec, docker's v2): manifests and blobs, with tokens. */
import { type Digest, fail, isDigest, OrcError } from '@orc/model';
import { MANIFEST_BYTES_MAX, TAGS_BYTES_MAX, TAGS_MAX, TOKEN_BYTES_MAX } from '../limits.ts';
import { INDEX_TYPES, MANIFEST_TYPES } from '../plan/documents.ts';
import { nextPage, parseTags } from '../plan/tags.ts';
import { type Challenge, checkRealm, type Endpoint, endpointOf, parseChallenge } from '../plan/registry.ts';
import { digestOf } from '../store/blobs.ts';
import type { Auth } from '../types.ts';
import { drop, type Http, type HttpResponse, openHttp } from './http.ts';

export type RegistryOptions = {
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  readonly auth?: Auth;
  readonly signal?: AbortSignal;
};
export type FetchedManifest = {
  readonly data: Buffer;
  readonly digest: Digest;
  readonly mediaType: string | undefined;
};

export type Registry = {
  /** Checked by digest, when one is asked for or the registry says one. */
  manifest(tagOrDigest: string): Promise<FetchedManifest>;
  /** From byte `from`; 206 when the registry honours it. */
  blob(digest: Digest, from: number): Promise<HttpResponse>;
  /** In the order of the registry; throws where it lists none. */
  tags(): Promise<readonly string[]>;
  close(): Promise<void>;
};

type Session = {
  readonly options: RegistryOptions;
  readonly endpoint: Endpoint;
  readonly http: Http;
  authorization: string | undefined;
};

const ACCEPT = [...MANIFEST_TYPES, ...INDEX_TYPES].join(', ');

export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const endpoint = endpointOf(options.domain);
  const session: Session = { options, endpoint, http: await openHttp(endpoint), authorization: undefined };
  return {
    manifest: (tagOrDigest) => fetchManifest(session, tagOrDigest),
    blob: (digest, from) =>
      get(session, `blobs/${digest}`, from === 0 ? {} : { range: `bytes=${from}-` }, [200, 206], digest),
    tags: () => fetchTags(session),
    close: () => session.http.close(),
  };
}

/** Page by page: of where the registry says that the next one is, only the name after which it begins counts. */
async function fetchTags(session: Session): Promise<readonly string[]> {
  const tags: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const query: string = after === '' ? '' : `?last=${encodeURIComponent(after)}`;
    const response = await get(session, `tags/list${query}`, {}, [200], 'tags');
    const page = parseTags(await readBody(response, TAGS_BYTES_MAX, 'list of tags'));
    tags.push(...page);
    const next = nextPage(response.header('link'));
    if (next === after || (next !== undefined && page.length === 0)) break;
    after = next;
    if (tags.length > TAGS_MAX)
      throw fail('image.pull', `${nameOf(session)} has more than ${TAGS_MAX} tags`, {
        hint: 'pull those that are needed by their names',
      });
  }
  return tags;
}

async function fetchManifest(session: Session, tagOrDigest: string): Promise<FetchedManifest> {
  const response = await get(session, `manifests/${tagOrDigest}`, { accept: ACCEPT }, [200], tagOrDigest);
  const data = await readBody(response, MANIFEST_BYTES_MAX, 'manifest');
  const digest = digestOf(data);
  const said = response.header('docker-content-digest');
  for (const expected of [isDigest(tagOrDigest) ? tagOrDigest : undefined, said]) {
    if (expected === undefined || expected === digest || !expected.startsWith('sha256:')) continue;
    throw fail('image.invalid', `manifest ${expected} of ${nameOf(session)} has digest ${digest}`);
  }
  return { data, digest, mediaType: response.header('content-type')?.split(';')[0]?.trim() };
}

async function get(
  session: Session,
  path: string,
  headers: Readonly<Record<string, string>>,
  wanted: readonly number[],
  what: string,
): Promise<HttpResponse> {
  const first = await send(session, path, headers);
  if (wanted.includes(first.status)) return first;
  const challenge = first.status === 401 ? parseChallenge(first.header('www-authenticate')) : undefined;
  await first.body.dump({ limit: 65_536 }).catch(() => undefined);
  if (challenge === undefined) throw refusal(session, first.status, what);
  session.authorization = await authorize(session, challenge);
  const second = await send(session, path, headers);
  if (wanted.includes(second.status)) return second;
  await second.body.dump({ limit: 65_536 }).catch(() => undefined);
  throw refusal(session, second.status, what);
}

function send(
  session: Session,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  const { signal } = session.options;
  return session.http.send({
    url: new URL(`${session.endpoint.origin}/v2/${session.options.path}/${path}`),
    headers:
      session.authorization === undefined ? headers : { ...headers, authorization: session.authorization },
    ...(signal === undefined ? {} : { signal }),
  });
}

const nameOf = (session: Session): string => `${session.options.domain}/${session.options.path}`;

function refusal(session: Session, status: number, what: string): OrcError {
  const name = nameOf(session);
  if (status === 404)
    return fail(
      'notfound.image',
      `registry ${session.options.domain} has no ${session.options.path} ${what}`,
      { hint: 'check the name and the tag' },
    );
  if (status === 401 || status === 403) {
    return fail('image.auth', `pull access denied for ${name}: it does not exist or needs a login`, {
      hint: 'if it does: its login belongs into config.json of DOCKER_CONFIG or ~/.docker, as "docker login" writes it',
    });
  }
  return fail('image.pull', `registry ${session.options.domain} answered ${status} for ${name} ${what}`, {
    retry: status >= 500 || status === 429,
  });
}

async function authorize(session: Session, challenge: Challenge): Promise<string> {
  const { auth } = session.options;
  if (challenge.scheme === 'basic') {
    if (auth?.kind !== 'basic') throw refusal(session, 401, '');
    return basic(auth);
  }
  return `Bearer ${await fetchToken(session, challenge, auth)}`;
}

const basic = (auth: Auth & { kind: 'basic' }): string =>
  `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`;

/** The token server's protocol of docker's registry; with an identity token, its OAuth 2 form. */
async function fetchToken(
  session: Session,
  challenge: Challenge & { scheme: 'bearer' },
  auth: Auth | undefined,
): Promise<string> {
  const url = checkRealm(session.endpoint, challenge.realm);
  const fields = new URLSearchParams({
    ...(challenge.service === undefined ? {} : { service: challenge.service }),
    scope: `repository:${session.options.path}:pull`,
  });
  const { signal } = session.options;
  const base = signal === undefined ? {} : { signal };
  const response = await (auth?.kind === 'token'
    ? session.http.send({ ...base, url, method: 'POST', ...refreshForm(fields, auth.token) })
    : session.http.send({
        ...base,
        url: withQuery(url, fields),
        headers: auth === undefined ? {} : { authorization: basic(auth) },
      }));
  const data = await readBody(response, TOKEN_BYTES_MAX, 'token');
  if (response.status !== 200) throw refusal(session, response.status === 400 ? 401 : response.status, '');
  return tokenIn(session, data);
}

function refreshForm(
  fields: URLSearchParams,
  token: string,
): { headers: Record<string, string>; body: string } {
  fields.set('grant_type', 'refresh_token');
  fields.set('client_id', 'orc');
  fields.set('refresh_token', token);
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: fields.toString() };
}

function withQuery(url: URL, fields: URLSearchParams): URL {
  const whole = new URL(url);
  for (const [key, value] of fields) whole.searchParams.set(key, value);
  return whole;
}

function tokenIn(session: Session, data: Buffer): string {
  try {
    const { token, access_token: access } = JSON.parse(data.toString('utf8')) as Record<string, unknown>;
    const found = token ?? access;
    if (typeof found === 'string' && /^[\x21-\x7e]+$/.test(found)) return found;
  } catch {
    // Said below: whatever it was, it held no token.
  }
  throw fail('image.auth', `the token server of ${session.options.domain} sent no token`);
}

export async function readBody(response: HttpResponse, bytesMax: number, what: string): Promise<Buffer> {
  const said = Number(response.header('content-length') ?? 0);
  const chunks: Buffer[] = [];
  let size = 0;
  if (said <= bytesMax) {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bytesMax) break;
      chunks.push(chunk);
    }
    if (size <= bytesMax) return Buffer.concat(chunks);
  }
  drop(response);
  throw fail('image.invalid', `the ${what} that ${response.url.host} sends is larger than ${bytesMax} bytes`);
}
