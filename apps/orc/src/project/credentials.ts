/** Logins of registries out of docker's `config.json`, as `docker login` left them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import type { Io } from '../cli/io.ts';

export type Auth = { readonly username: string; readonly password: string } | { readonly token: string };
export type Auths = Readonly<Record<string, Auth>>;

const DOCKER_HUB = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/** All of them, by registry as references name it (`docker.io`, `localhost:5000`). */
export const registryAuths = (io: Io): Auths => fromConfig(io, authsOf);

/** The one that counts for an image. A helper that has it is named once: without it the pull may be refused. */
export function registryAuth({ io, err }: Pick<Context, 'io' | 'err'>, reference: string): Auth | undefined {
  const registry = registryOf(reference);
  const auth = registryAuths(io)[registry];
  const helper = auth === undefined ? fromConfig(io, (text) => helperOf(text, registry)) : undefined;
  if (helper !== undefined && !warned.has(io)) {
    warned.add(io);
    err(`warning: docker-credential-${helper}, which has the login of ${registry}, is not asked for it`);
  }
  return auth;
}

const warned = new WeakSet<Io>();

/** `{}` where there is no file. */
function fromConfig<T>(io: Io, read: (configJson: string) => T): T {
  const file = join(io.env['DOCKER_CONFIG'] ?? join(io.env['HOME'] ?? '/root', '.docker'), 'config.json');
  try {
    return read(existsSync(file) ? readFileSync(file, 'utf8') : '{}');
  } catch (error) {
    throw fail('input.invalid', `${file} cannot be read: ${(error as Error).message}`, {
      hint: 'mend it, or set DOCKER_CONFIG',
    });
  }
}

/** Throws for what is no JSON. Credential helpers are programs and are not run. The first row of a registry counts. */
export function authsOf(configJson: string): Auths {
  const { auths } = JSON.parse(configJson) as { auths?: Readonly<Record<string, Row>> | null };
  const rows = Object.entries(auths ?? {}).flatMap(([key, row]) => {
    const auth = credentialOf(row);
    return auth === undefined ? [] : [[hostOf(key), auth] as const];
  });
  return Object.fromEntries(rows.toReversed());
}

/** The program that keeps the login of a registry: of this one, or of all. */
export function helperOf(configJson: string, registry: string): string | undefined {
  const { credHelpers, credsStore } = JSON.parse(configJson) as {
    credHelpers?: unknown;
    credsStore?: unknown;
  };
  const rows = Object.entries((credHelpers ?? {}) as Readonly<Record<string, unknown>>);
  const own = rows.find(([key]) => hostOf(key) === registry)?.[1];
  const name = own ?? credsStore;
  return typeof name === 'string' && name !== '' ? name : undefined;
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
