/** Logins out of docker's `config.json`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processIo } from '../src/cli/io.ts';
import { authsOf, helperOf, registryAuth } from '../src/project/credentials.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('credentials of config.json, by registry', () => {
  const text = JSON.stringify({
    auths: {
      'https://index.docker.io/v1/': { auth: base64('ann:se:cret') },
      'ghcr.io': { identitytoken: 't' },
      'localhost:5000': { username: 'a', password: 'b' },
      'https://Quay.io/v2/': { auth: base64('bob:x\0') },
      'bad.io': { auth: '!!' },
      'empty.io': {},
    },
    credHelpers: { 'x.io': 'pass' },
  });
  expect(authsOf(text)).toEqual({
    'docker.io': { username: 'ann', password: 'se:cret' },
    'ghcr.io': { token: 't' },
    'localhost:5000': { username: 'a', password: 'b' },
    'quay.io': { username: 'bob', password: 'x' },
  });
});

test('the first row of a registry counts, as docker writes it', () => {
  const rows = { 'x.io': { auth: base64('a:1') }, 'https://x.io': { auth: base64('b:2') } };
  expect(authsOf(JSON.stringify({ auths: rows }))).toEqual({ 'x.io': { username: 'a', password: '1' } });
});

test.each(['{}', '{"auths":null}', '{"auths":{}}'])('%s has none', (text) => {
  expect(authsOf(text)).toEqual({});
});

test('a helper that keeps the login is known: of its registry, or of all', () => {
  const text = JSON.stringify({ credHelpers: { 'https://x.io': 'pass' }, credsStore: 'desktop' });
  expect([helperOf(text, 'x.io'), helperOf(text, 'docker.io')]).toEqual(['pass', 'desktop']);
  expect(helperOf('{}', 'docker.io')).toBe(undefined);
});

test('of a helper that is not asked is said once, where no login is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-config-'));
  try {
    const auths = { 'y.io': { username: 'a', password: 'b' } };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths, credsStore: 'nosuch' }));
    const said: string[] = [];
    const context = {
      io: { ...processIo(), env: { DOCKER_CONFIG: folder } },
      err: (line: string) => void said.push(line),
    };
    expect(registryAuth(context, 'y.io/a')).toEqual({ username: 'a', password: 'b' });
    expect(said).toEqual([]);
    expect([registryAuth(context, 'busybox'), registryAuth(context, 'redis')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(said).toEqual([
      'warning: docker-credential-nosuch, which has the login of docker.io, is not asked for it',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
