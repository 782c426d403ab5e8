/** Where a registry is, whom its credentials may go to, and which addresses its answers may lead to. Pure. */
import { fail } from '@orc/model';

export type Endpoint = {
  /** `https://registry-1.docker.io`. */
  readonly origin: string;
  readonly host: string;
};

/** Plain http only for this host's own registries. */
export function endpointOf(domain: string): Endpoint {
  if (domain === 'docker.io') return { origin: 'https://registry-1.docker.io', host: 'registry-1.docker.io' };
  const url = new URL(`https://${domain}`);
  const host = bareHost(url);
  return { origin: `${isLoopbackName(host) ? 'http' : 'https'}://${url.host}`, host };
}

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
const isLoopbackName = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || (isAddress(host) && zoneOf(host) === 'loopback');

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
/** Host names have no colon; URL has already turned every spelling of an IPv4 address into four numbers. */
export const isAddress = (host: string): boolean => IPV4.test(host) || host.includes(':');

export type Zone = 'public' | 'private' | 'loopback' | 'link-local';

/** Of a numeric address. What is neither routable nor known here counts as link-local. */
export function zoneOf(address: string): Zone {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (IPV4.test(mapped ?? address)) return zoneOf4(mapped ?? address);
  const text = address.toLowerCase();
  if (text === '::1') return 'loopback';
  if (/^(::|fe[89ab]|ff|::ffff:)/.test(text)) return 'link-local';
  return /^f[cd]/.test(text) ? 'private' : 'public';
}

function zoneOf4(address: string): Zone {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (a === 127) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  if (a === 100 && b >= 64 && b < 128) return 'private';
  return a === 0 || a >= 224 || (a === 169 && b === 254) ? 'link-local' : 'public';
}

/** A host that a registry's answer names may be public, or near where the registry itself is. */
export const mayConnect = (address: string, registryZones: ReadonlySet<Zone>): boolean => {
  const zone = zoneOf(address);
  return zone === 'public' || registryZones.has(zone);
};

/** Whom `realm` of a challenge may be: the registry, or a host of the same domain. Throws `image.auth`. */
export function checkRealm(endpoint: Endpoint, realm: string): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw fail('image.auth', `registry ${endpoint.host} names no valid token server`);
  }
  if (url.protocol === 'http:' && endpoint.origin.startsWith('https:')) {
    throw fail(
      'image.auth',
      `registry ${endpoint.host} wants credentials sent without encryption to ${url.host}`,
    );
  }
  if (isBound(endpoint.host, bareHost(url))) return url;
  throw fail(
    'image.auth',
    `registry ${endpoint.host} wants credentials sent to ${url.host}, which is another site`,
    {
      hint: 'credentials go to hosts of the same domain only',
    },
  );
}

function isBound(registry: string, realm: string): boolean {
  if (registry === realm) return true;
  if (isAddress(registry) || isAddress(realm)) return false;
  const [a, b] = [siteOf(registry), siteOf(realm)];
  return a !== undefined && a === b;
}

/** `registry.gitlab.com` to `gitlab.com`; three labels below short second ones, such as `example.co.uk`. */
function siteOf(host: string): string | undefined {
  const labels = host.split('.');
  const count =
    (labels.at(-2) ?? '').length <= 3 && labels.length > 2 && (labels.at(-1) ?? '').length === 2 ? 3 : 2;
  return labels.length < count ? undefined : labels.slice(-count).join('.');
}

/** Whether a redirect may be followed, and whether the Authorization header goes along. Throws `image.pull`. */
export function checkRedirect(
  from: URL,
  location: string,
): { readonly url: URL; readonly keepsAuthorization: boolean } {
  const url = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const allowed =
    url !== undefined &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:'));
  if (url === undefined || !allowed) {
    throw fail(
      'image.pull',
      `${from.host} redirects to ${JSON.stringify(location.slice(0, 200))}, which is refused`,
    );
  }
  return { url, keepsAuthorization: url.origin === from.origin };
}

export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string };

const PARAMETER = /([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** `WWW-Authenticate` (RFC 9110); `undefined`: none that is known here. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/is.exec(header)?.[1];
  if (bearer === undefined) return /(?:^|,\s*)basic\b/i.test(header) ? { scheme: 'basic' } : undefined;
  const values = new Map<string, string>();
  for (const [, key = '', quoted, plain] of bearer.matchAll(PARAMETER)) {
    values.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  }
  const [realm, service, scope] = [values.get('realm'), values.get('service'), values.get('scope')];
  if (realm === undefined) return undefined;
  return {
    scheme: 'bearer',
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}
