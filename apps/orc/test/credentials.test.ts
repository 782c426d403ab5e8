/** Logins out of docker's `config.json`. */
import { expect, test } from 'vitest';
import { authsOf } from '../src/project/credentials.ts';

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
