/** Logins of registries out of docker's `config.json`, as `docker login` left them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@orc/model';
import type { Io } from '../cli/io.ts';

export type Auth = { readonly username: string; readonly password: string } | { readonly token: string };
export type Auths = Readonly<Record<string, Auth>>;

const DOCKER_HUB = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/** All of them, by registry as references name it (`docker.io`, `localhost:5000`). */
export function registryAuths(io: Io): Auths {
  const file = join(io.env['DOCKER_CONFIG'] ?? join(io.env['HOME'] ?? '/root', '.docker'), 'config.json');
  try {
    return authsOf(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw fail('input.invalid', `${file} cannot be read: ${(error as Error).message}`, {
      hint: 'mend it, or set DOCKER_CONFIG',
    });
  }
}

/** The one that counts for an image. */
export const registryAuth = (io: Io, reference: string): Auth | undefined =>
  registryAuths(io)[registryOf(reference)];

/** Throws for what is no JSON. Credential helpers are programs and are not run. The first row of a registry counts. */
export function authsOf(configJson: string): Auths {
  const { auths } = JSON.parse(configJson) as { auths?: Readonly<Record<string, Row>> | null };
  const rows = Object.entries(auths ?? {}).flatMap(([key, row]) => {
    const auth = credentialOf(row);
    return auth === undefined ? [] : [[hostOf(key), auth] as const];
  });
  return Object.fromEntries(rows.toReversed());
}

type Row = {
  readonly auth?: unknown;
  readonly identitytoken?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
};

/** Keys are hosts or addresses: `https://index.docker.io/v1/`, `ghcr.io`. */
function hostOf(key: string): string {
  const host = (key.replace(/^[a-z]+:\/\//i, '').split('/')[0] ?? '').toLowerCase();
  return DOCKER_HUB.includes(host) ? 'docker.io' : host;
}

function credentialOf(row: Row): Auth | undefined {
  if (typeof row.identitytoken === 'string' && row.identitytoken !== '') return { token: row.identitytoken };
  if (typeof row.username === 'string' && typeof row.password === 'string') {
    return { username: row.username, password: row.password };
  }
  if (typeof row.auth !== 'string') return undefined;
  const text = Buffer.from(row.auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A first part with a dot or a colon, or `localhost`, is a registry; else it is Docker Hub. */
function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? hostOf(first) : 'docker.io';
}
