/** GET with redirects by the rules of plan/registry.ts, over connections that check where they lead. */
import { lookup } from 'node:dns';
import { lookup as lookupAll } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { fail } from '@orc/model';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { BODY_IDLE_TIMEOUT_MS, CONNECT_TIMEOUT_MS, HEADERS_TIMEOUT_MS, REDIRECTS_MAX } from '../limits.ts';
import { checkRedirect, type Endpoint, isAddress, mayConnect, type Zone, zoneOf } from '../plan/registry.ts';

export type HttpResponse = {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
  readonly url: URL;
};
export type HttpRequest = {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
};
export type Http = { send(request: HttpRequest): Promise<HttpResponse>; close(): Promise<void> };

/** Ends a response whose rest nobody wants; undici tells that as an error of the stream, which is none. */
export function drop(response: HttpResponse): void {
  response.body.on('error', () => undefined);
  response.body.destroy();
}

/** The user named the registry, so it may be anywhere; other hosts may not be where the registry is not. */
export async function openHttp(endpoint: Endpoint): Promise<Http> {
  const zones = await zonesOf(endpoint.host);
  const named = newDispatcher(endpoint, undefined);
  const others = newDispatcher(endpoint, zones);
  const pick = (url: URL): Dispatcher => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (host === endpoint.host) return named;
    if (isAddress(host) && !mayConnect(host, zones)) throw refusedAddress(host);
    return others;
  };
  return {
    send: (each) => sendFollowing(each, pick),
    close: async () => {
      await Promise.all([named.destroy(), others.destroy()]);
    },
  };
}

async function zonesOf(host: string): Promise<ReadonlySet<Zone>> {
  if (isAddress(host)) return new Set([zoneOf(host)]);
  const rows = await lookupAll(host, { all: true }).catch(() => []);
  return new Set(rows.map(({ address }) => zoneOf(address)));
}

/** Behind a proxy the proxy resolves names, and what it may reach is its business; it never serves this host itself. */
function newDispatcher(endpoint: Endpoint, zones: ReadonlySet<Zone> | undefined): Dispatcher {
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, bodyTimeout: BODY_IDLE_TIMEOUT_MS };
  const isSecure = endpoint.origin.startsWith('https:');
  const tls = isSecure ? { ca: trustedCertificates() } : {};
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...tls };
  const env = process.env;
  const proxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? env['http_proxy'] ?? env['HTTP_PROXY'] ?? '';
  if (proxy !== '' && isSecure) return new EnvHttpProxyAgent({ ...timeouts, connect, requestTls: tls });
  const lookups = zones === undefined ? {} : { lookup: guardedLookup(zones) };
  return new Agent({ ...timeouts, connect: { ...connect, ...lookups } });
}

let trusted: string[] | undefined;
/** Node's own and those of this host, where a site adds its own; read once, at the first pull. */
function trustedCertificates(): string[] {
  trusted ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return trusted;
}

/** At connect time, so that a name cannot change its mind after a check. */
const guardedLookup =
  (zones: ReadonlySet<Zone>): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, rows) => {
      if (error !== null) return callback(error, '', 0);
      const bad = rows.find(({ address }) => !mayConnect(address, zones));
      if (bad !== undefined) return callback(refusedAddress(`${hostname} (${bad.address})`), '', 0);
      if (options.all === true) return (callback as unknown as (e: null, rows: unknown) => void)(null, rows);
      return callback(null, rows[0]?.address ?? '', rows[0]?.family ?? 0);
    });
  };

const refusedAddress = (host: string): Error =>
  fail('image.pull', `the registry leads to ${host}, an address of this network, which is refused`);

async function sendFollowing(first: HttpRequest, pick: (url: URL) => Dispatcher): Promise<HttpResponse> {
  let current = first;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
    const response = await sendOnce(current, pick(current.url));
    const location = response.header('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
    await response.body.dump({ limit: 65_536 }).catch(() => undefined);
    // Only a token is asked for with a body, and that has the credential in it.
    if (current.body !== undefined)
      throw fail('image.auth', `${first.url.host} redirects the request for a token, which is not followed`, {
        hint: 'log in at the registry that really gives the token',
      });
    const { url, keepsAuthorization } = checkRedirect(current.url, location);
    const { authorization: _, ...others } = current.headers;
    current = { ...current, url, headers: keepsAuthorization ? current.headers : others };
  }
  throw fail('image.pull', `${first.url.host} redirects more than ${REDIRECTS_MAX} times`);
}

async function sendOnce(each: HttpRequest, dispatcher: Dispatcher): Promise<HttpResponse> {
  const response = await request(each.url, {
    dispatcher,
    method: each.method ?? 'GET',
    headers: { 'user-agent': 'orc', ...each.headers },
    body: each.body ?? null,
    ...(each.signal === undefined ? {} : { signal: each.signal }),
  });
  const { headers, statusCode, body } = response;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  return { status: statusCode, header, body, url: each.url };
}
