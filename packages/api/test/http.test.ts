/** The door against what is not its client: malformed, oversized, foreign requests (hardening: Robust HTTP, Browser attacks). */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { HEADER_BYTES_MAX, JSON_BYTES_MAX, JSON_DEPTH_MAX } from '../src/limits.ts';
import { NATIVE } from '../src/routes.ts';
import type { Backend } from '../src/backend.ts';
import { type Door, openDoor } from './door.ts';
import { createMemory } from './memory.ts';

/** What comes back for these bytes until the daemon closes, or says all of its answer. */
function talk(door: Door, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ path: door.socketPath, allowHalfOpen: true });
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (isWhole(answer)) socket.destroy();
    });
    socket.on('close', () => resolve(answer)).on('end', () => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? undefined : reject(error),
    );
    socket.write(request);
  });
}

function isWhole(answer: string): boolean {
  const [head, body] = answer.split('\r\n\r\n', 2);
  const length = /content-length: (\d+)/i.exec(head ?? '')?.[1];
  return body !== undefined && length !== undefined && body.length >= Number(length);
}

type Sent = { readonly headers?: Readonly<Record<string, string>>; readonly body?: string };
function request(method: string, path: string, { headers = {}, body }: Sent = {}): string {
  const all = {
    host: 'orc',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
const create = (extra: object = {}): string => JSON.stringify({ spec: { image: 'busybox' }, ...extra });
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

type Row = readonly [what: string, request: string, status: number, says?: string];
const ROWS: readonly Row[] = [
  ['a known route', request('GET', '/v1/version'), 200, '"pid":42'],
  ['an unknown route', request('GET', '/v1/nope'), 404, 'orc version'],
  ['another version', request('GET', '/v2/version'), 404, 'this daemon serves /v1/'],
  ['no version', request('GET', '/version'), 404, 'notfound.route'],
  ['a prefix that only begins like one', request('GET', '/v11/version'), 404],
  ['the wrong method', request('DELETE', '/v1/version'), 400, 'use GET'],
  ['dots in the path', request('GET', '/v1/../v1/version'), 404],
  ['encoded dots in the path', request('GET', '/v1/%2e%2e/version'), 404],
  ['doubled slashes', request('GET', '/v1//version'), 404],
  ['a malformed escape', request('GET', '/v1/images/%zz'), 404],
  ['a NUL in a name', request('GET', '/v1/images/a%00b'), 404],
  ['a name with a slash, encoded', request('GET', '/v1/images/a%2Fb'), 404, 'there is no image a/b'],
  [
    'a web page’s request',
    request('GET', '/v1/version', { headers: { origin: 'http://evil.example' } }),
    403,
  ],
  [
    'a page of the same host',
    request('GET', '/v1/version', { headers: { 'sec-fetch-site': 'same-origin' } }),
    403,
  ],
  [
    'a typed address is no page',
    request('GET', '/v1/version', { headers: { 'sec-fetch-site': 'none' } }),
    200,
  ],
  [
    'a foreign host',
    request('GET', '/v1/version', { headers: { host: 'evil.example' } }),
    403,
    'evil.example',
  ],
  ['docker’s host', request('GET', '/v1/version', { headers: { host: 'docker' } }), 200],
  [
    'a form',
    request('POST', '/v1/containers', { body: create(), headers: { 'content-type': 'text/plain' } }),
    400,
    'Content-Type',
  ],
  [
    'a form as an archive',
    request('POST', '/v1/images/load', { body: 'x', headers: { 'content-type': 'text/plain' } }),
    400,
  ],
  ['no JSON', request('POST', '/v1/containers', { body: '{"spec":' }), 400, 'not JSON'],
  ['no object', request('POST', '/v1/containers', { body: '[]' }), 400, 'body is not an object'],
  ['a missing field', request('POST', '/v1/containers', { body: '{}' }), 400, 'body.spec is missing'],
  [
    'an unknown field',
    request('POST', '/v1/containers', { body: create({ nmae: 'x' }) }),
    400,
    'unknown field nmae',
  ],
  [
    'a wrong type deep inside',
    request('POST', '/v1/containers', {
      body: '{"spec":{"image":"b","ports":[{"containerPort":"80","protocol":"tcp"}]}}',
    }),
    400,
    'body.spec.ports[0].containerPort',
  ],
  [
    'a number out of range',
    request('POST', '/v1/containers', { body: '{"spec":{"image":"b","oomScoreAdj":5000}}' }),
    400,
    'oomScoreAdj',
  ],
  [
    'an unknown kind of mount',
    request('POST', '/v1/containers', {
      body: '{"spec":{"image":"b","mounts":[{"type":"npipe","target":"/"}]}}',
    }),
    400,
    'mounts[0].type',
  ],
  [
    'a kind named like a method of objects',
    request('POST', '/v1/containers', {
      body: '{"spec":{"image":"b","mounts":[{"type":"constructor","target":"/"}]}}',
    }),
    400,
    'mounts[0].type',
  ],
  [
    'a NUL in a string',
    request('POST', '/v1/containers', { body: String.raw`{"spec":{"image":"b\u0000"}}` }),
    400,
    'NUL',
  ],
  [
    'deep JSON',
    request('POST', '/v1/containers', { body: nested(JSON_DEPTH_MAX + 2) }),
    400,
    'nested deeper',
  ],
  [
    'a body over the limit',
    request('POST', '/v1/containers', { body: create({ name: 'x'.repeat(JSON_BYTES_MAX) }) }),
    413,
    String(JSON_BYTES_MAX),
  ],
  ['a body where none belongs', request('GET', '/v1/version', { body: '{}' }), 413],
  [
    'headers over the limit',
    request('GET', '/v1/version', { headers: { x: 'y'.repeat(HEADER_BYTES_MAX) } }),
    431,
  ],
  [
    'two lengths of one body',
    `${request('POST', '/v1/containers', { body: '{}' }).replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n')}`,
    400,
  ],
  ['no HTTP at all', 'hello there\r\n\r\n', 400],
  ['a query that is no number', request('GET', '/v1/containers/x/logs?tail=many'), 404],
  ['a query that is no switch', request('GET', '/v1/containers?all=perhaps'), 400, 'all=perhaps'],
  ['filters that are no JSON', request('GET', '/v1/containers?filters=name'), 400],
  [
    'docker’s form of filters',
    request('GET', `/v1/containers?filters=${encodeURIComponent('{"name":{"a":true}}')}`),
    200,
    '[]',
  ],
  [
    'a path for one project and a body for another',
    request('PUT', '/v1/projects/a', {
      body: JSON.stringify({
        project: {
          name: 'b',
          workingDir: '/',
          configFiles: [],
          services: [],
          networks: [],
          volumes: [],
          secrets: [],
          configs: [],
        },
        images: {},
        options: { desired: 'run' },
      }),
    }),
    400,
    'the body b',
  ],
];

for (const [what, sent, status, says = ''] of ROWS)
  test(what, async () => {
    await using door = await openDoor(createMemory());
    const answer = await talk(door, sent);
    expect([statusOf(answer), answer]).toEqual([status, expect.stringContaining(says)]);
  });

test('a body that comes in chunks is bounded too', async () => {
  await using door = await openDoor(createMemory());
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const head =
    'POST /v1/containers HTTP/1.1\r\nhost: orc\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
  const answer = await talk(door, head + chunk.repeat(17) + '0\r\n\r\n');
  expect(statusOf(answer)).toBe(413);
});

test('__proto__ in a body is ignored, at any depth', async () => {
  await using door = await openDoor(createMemory());
  const body =
    '{"__proto__":{"polluted":1},"name":"p","spec":{"image":"busybox","labels":{"__proto__":"x","a":"b"}}}';
  expect(statusOf(await talk(door, request('POST', '/v1/containers', { body })))).toBe(201);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect((await door.client.getContainer('p')).spec.labels).toEqual({ a: 'b' });
});

test('after a refusal the connection goes on', async () => {
  await using door = await openDoor(createMemory());
  const both =
    request('POST', '/v1/containers', { body: '{}' }) +
    request('GET', '/v1/version', { headers: { connection: 'close' } });
  const answers = await new Promise<string>((resolve) => {
    let all = '';
    const socket = connect(door.socketPath);
    socket.on('data', (data: Buffer) => (all += data.toString())).on('close', () => resolve(all));
    socket.write(both);
  });
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
});

test('a bug of the backend is answered without its stack, and told to the log', async () => {
  const broken: Backend = {
    ...createMemory(),
    version: () => Promise.reject(new TypeError('x is undefined')),
  };
  await using door = await openDoor(broken);
  const answer = await talk(door, request('GET', '/v1/version'));
  expect(statusOf(answer)).toBe(500);
  expect(answer).not.toContain(' at ');
  expect(door.emitted).toEqual(['error request failed: x is undefined']);
});

test('attach without an upgrade is refused in words', async () => {
  await using door = await openDoor(createMemory());
  await door.client.createContainer({ name: 'a', spec: { image: 'busybox', command: ['top'] } });
  const answer = await talk(door, request('POST', '/v1/containers/a/attach'));
  expect(answer).toContain('Upgrade: tcp');
});

test('an upgrade is for routes that take one, and for no web page', async () => {
  await using door = await openDoor(createMemory());
  const headers = { connection: 'Upgrade', upgrade: 'tcp' };
  expect(statusOf(await talk(door, request('GET', '/v1/version', { headers })))).toBe(400);
  const page = request('POST', '/v1/containers/a/attach', {
    headers: { ...headers, origin: 'http://evil.example' },
  });
  expect(statusOf(await talk(door, page))).toBe(403);
});

test('no two rows of the table take the same request', () => {
  const shapes = NATIVE.routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(shapes).size).toBe(shapes.length);
});
