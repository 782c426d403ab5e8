/** Credentials out of docker's `config.json`. Pure: whoever may read the file passes its text. */
import type { Auth } from '../types.ts';

const DOCKER_HUB: readonly string[] = [
  'index.docker.io',
  'docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
];

/** `registry` as in a reference (`docker.io`, `localhost:5000`). Credential helpers are programs and are not run. */
export function authFor(configJson: string, registry: string): Auth | undefined {
  const auths = authsOf(configJson);
  const wanted = DOCKER_HUB.includes(registry) ? DOCKER_HUB : [registry.toLowerCase()];
  const row = Object.entries(auths).find(([key]) => wanted.includes(hostOf(key)))?.[1];
  return row === undefined ? undefined : credentialOf(row);
}

type Row = {
  readonly auth?: unknown;
  readonly identitytoken?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
};

function authsOf(configJson: string): Readonly<Record<string, Row>> {
  try {
    const { auths } = JSON.parse(configJson) as { auths?: unknown };
    return typeof auths === 'object' && auths !== null ? (auths as Record<string, Row>) : {};
  } catch {
    return {};
  }
}

/** Keys are hosts or addresses: `https://index.docker.io/v1/`, `ghcr.io`. */
const hostOf = (key: string): string => (key.replace(/^[a-z]+:\/\//i, '').split('/')[0] ?? '').toLowerCase();

function credentialOf(row: Row): Auth | undefined {
  if (typeof row.identitytoken === 'string' && row.identitytoken !== '')
    return { kind: 'token', token: row.identitytoken };
  if (typeof row.username === 'string' && typeof row.password === 'string') {
    return { kind: 'basic', username: row.username, password: row.password };
  }
  if (typeof row.auth !== 'string') return undefined;
  const text = Buffer.from(row.auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  return colon < 1
    ? undefined
    : { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
