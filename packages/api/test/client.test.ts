import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { OrcError } from '@orc/model';
import type { StreamChunk } from '../src/backend.ts';
import { connect } from '../src/client/index.ts';
import { type Server, serve } from '../src/server.ts';
import { openDoor } from './door.ts';
import { IMAGE_ID, createMemory } from './memory.ts';

const none = new AbortController().signal;
const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(source);
const textOf = (chunks: readonly StreamChunk[], stream: string): string =>
  Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.data)).toString();
const problemOf = (work: Promise<unknown>): Promise<OrcError['problem']> =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error) => (error as OrcError).problem,
  );

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test('values, problems and nothing come back as they were', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  expect((await client.version()).pid).toBe(42);
  const { id } = await client.createContainer({ name: 'web', spec: { image: 'busybox', command: ['top'] } });
  expect(await client.startContainer('web')).toBeUndefined();
  expect((await client.getContainer(id)).status).toBe('running');
  expect(await client.containerSize(id)).toEqual({ writtenBytes: 2_345, totalBytes: 4_200_000 });
  await client.createVolume('data', { driver: 'local' });
  expect(await client.volumeSize('data')).toEqual({ bytes: 1_000 });
  expect(
    (await client.listContainers({ all: false, filters: { name: ['we'] } })).map((row) => row.name),
  ).toEqual(['web']);
  expect(await problemOf(client.getContainer('nope'))).toMatchObject({ code: 'notfound.container' });
  expect(await problemOf(client.createContainer({ name: 'web', spec: { image: 'busybox' } }))).toEqual({
    code: 'conflict.name',
    message: 'the name web is taken by another container',
    hint: 'choose another --name',
  });
});

test('a wait that began before the start sees the exit of a container that removes itself', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const spec = { image: 'busybox', command: ['seven'], autoRemove: true };
  const { id } = await client.createContainer({ spec });
  const begun = Promise.withResolvers<void>();
  const exit = client.waitContainer(id, 'next-exit', none, begun.resolve);
  await begun.promise;
  await client.startContainer(id);
  expect((await exit).code).toBe(7);
});

test('a wait is canceled by its signal', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['top'] } });
  await client.startContainer(id);
  expect(await problemOf(client.waitContainer(id, 'not-running', AbortSignal.timeout(20)))).toMatchObject({
    code: 'canceled',
  });
});

test('logs keep their two streams apart', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['hello'] } });
  await client.startContainer(id);
  await client.waitContainer(id, 'not-running', none);
  const chunks = await all(client.containerLogs(id, {}, none));
  expect([textOf(chunks, 'stdout'), textOf(chunks, 'stderr')]).toEqual(['hello\n', 'grumble\n']);
});

test('the end of input closes standard input only', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const { id } = await client.createContainer({
    spec: { image: 'busybox', command: ['cat'], openStdin: true },
  });
  await client.startContainer(id);
  const duplex = await client.attachContainer(id, { stdin: true, stdout: true, stderr: true });
  await duplex.write(Buffer.from('one '));
  await duplex.write(Buffer.from('two'));
  duplex.closeStdin();
  expect(textOf(await all(duplex.output), 'stdout')).toBe('one two');
  expect((await client.getContainer(id)).exit?.code).toBe(0);
});

test('exec on a terminal is raw, without one framed, and tells its code', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const { id } = await client.createContainer({ name: 'web', spec: { image: 'busybox', command: ['top'] } });
  await client.startContainer(id);
  for (const tty of [true, false]) {
    const exec = await client.createExec('web', { argv: ['hello'], tty, stdin: false });
    const chunks = await all((await client.startExec(exec.id)).output);
    expect(textOf(chunks, 'stdout')).toBe(tty ? 'hello\ngrumble\n' : 'hello\n');
    expect((await client.getExec(exec.id)).exitCode).toBe(0);
  }
  const failing = await client.createExec('web', { argv: ['nonesuch'], tty: false, stdin: false });
  expect(await problemOf(client.startExec(failing.id))).toMatchObject({ code: 'start.notfound' });
});

test('progress comes row by row, and a failure in the middle is thrown', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const rows = await all(client.pullImage('redis:7', {}, none));
  expect(rows.at(-1)).toEqual({ status: 'done', result: { id: IMAGE_ID } });
  expect(await problemOf(all(client.pullImage('nonesuch', {}, none)))).toMatchObject({ code: 'image.pull' });
});

test('archives stream both ways, and a failure after bytes is thrown', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  expect((await all(client.loadImage(parts('abc', 'defg'))))[0]).toEqual({ status: 'Loading 7 bytes' });
  expect(Buffer.concat(await all(client.saveImages(['a', 'b']))).toString()).toBe('tar of a, b');
  expect(await problemOf(all(client.saveImages(['broken'])))).toMatchObject({ code: 'disk.damaged' });
  expect(await client.importImage(parts('tar'), { reference: 'mine', changes: ['CMD sh'] })).toEqual({
    id: IMAGE_ID,
  });
});

test('an archive whose source fails ends the request with that failure', async () => {
  await using door = await openDoor(createMemory());
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
    throw new Error('the file went away');
  }
  await expect(all(door.client.loadImage(broken()))).rejects.toThrow('the file went away');
});

test('an image whose name holds a slash is one segment', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  await client.tagImage('busybox', 'registry.local:5000/team/app:1');
  expect((await client.inspectImage('registry.local:5000/team/app:1')).Id).toBe(IMAGE_ID);
  expect(await client.removeImage('registry.local:5000/team/app:1', {})).toHaveLength(2);
});

test('events resume after an index, filter, and end with their signal', async () => {
  await using door = await openDoor(createMemory());
  const { client } = door;
  const { id } = await client.createContainer({ name: 'web', spec: { image: 'busybox', command: ['top'] } });
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.events(
      { afterIndex: 0, filters: { type: ['container'] } },
      stop.signal,
    )) {
      seen.push(event.action);
      if (event.action === 'start') stop.abort();
    }
  })();
  await client.startContainer(id);
  await watching;
  expect(seen).toEqual(['create', 'start']);
});

test('every method of the backend is reached through its route', async () => {
  const memory = createMemory();
  await using door = await openDoor(memory);
  const { client } = door;
  await client.createContainer({ name: 'a', spec: { image: 'busybox', command: ['top'] } });
  await client.startContainer('a');
  const project = {
    name: 'p',
    workingDir: '/',
    configFiles: [],
    services: [],
    networks: [],
    volumes: [],
    secrets: [],
    configs: [],
  };
  await client.putProject('p', { project, images: {}, options: { desired: 'run' } });
  await all(
    client.build(
      'ctx',
      { spec: { context: '/' }, dockerfile: '', dockerfileName: 'Dockerfile', tags: [] },
      none,
    ),
  );
  await all(client.bootstrapImage('debian:bookworm', none));
  await all(client.loadImage(parts('x')));
  await all(client.saveImages(['a']));
  await all(client.pullImage('redis', {}, none));
  await client.remoteTags('redis', {}, none);
  await client.remoteDigest('redis', {}, none);
  await client.importImage(parts('x'), {});
  await client.openContext('k', [
    { path: 'a', type: 'file', mode: 0o644, size: 1, mtimeMs: 1, fingerprint: 'f' },
  ]);
  await client.fillContext('ctx', parts('a'));
  await client.unpackContext(parts('tar'));
  await client.tagImage('busybox', 'b');
  await client.inspectImage('b');
  await client.imageHistory('busybox');
  await client.removeImage('b', { force: true });
  const exec = await client.createExec('a', { argv: ['true'], tty: false, stdin: false });
  (await client.startExec(exec.id)).close();
  await client.resizeExec(exec.id, 80, 24);
  await client.getExec(exec.id);
  (await client.attachContainer('a', { stdin: false, stdout: true, stderr: true })).close();
  await client.resizeContainer('a', 80, 24);
  await all(client.containerLogs('a', { tail: 1 }, none));
  await all(client.events({ untilMs: 0 }, none));
  await client.restartContainer('a', {});
  await client.killContainer('a', 'SIGKILL');
  await client.waitContainer('a', 'not-running', none);
  await client.stopContainer('a', { timeoutMs: 1 });
  await client.getContainer('a');
  await client.containerSize('a');
  await client.listContainers({ all: true });
  await client.removeContainer('a', { force: true, volumes: true });
  await client.createNetwork('n', { driver: 'bridge' });
  await client.getNetwork('n');
  await client.listNetworks();
  await client.removeNetwork('n');
  await client.createVolume('v', { driver: 'local' });
  await client.getVolume('v');
  await client.volumeSize('v');
  await client.listVolumes();
  await client.removeVolume('v', {});
  await client.getProject('p');
  await client.listProjects(true);
  await client.actProject('p', { kind: 'stop' });
  await client.removeProject('p', { volumes: true });
  await client.listImages();
  await client.info();
  await client.version();
  const methods = Object.keys(memory).filter(
    (name) => typeof memory[name as keyof typeof memory] === 'function',
  );
  const never = methods.filter((name) => !memory.calls.includes(name) && !['tick', 'exit'].includes(name));
  expect(never).toEqual([]);
});

test('a reader that leaves a stream ends its source', async () => {
  const memory = createMemory();
  const ended = Promise.withResolvers<void>();
  const endless = {
    ...memory,
    containerLogs: async function* (): AsyncGenerator<StreamChunk> {
      try {
        for (;;) {
          yield { stream: 'stdout', data: Buffer.alloc(65_536, 'x') };
          await sleep(0);
        }
      } finally {
        ended.resolve();
      }
    },
  };
  await using door = await openDoor(endless);
  const { id } = await door.client.createContainer({ spec: { image: 'busybox' } });
  for await (const _ of door.client.containerLogs(id, { follow: true }, none)) break;
  await ended.promise;
});

test('a slow reader slows its source', async () => {
  let made = 0;
  const memory = {
    ...createMemory(),
    saveImages: async function* (): AsyncGenerator<Uint8Array> {
      for (; made < 1000; made += 1) yield Buffer.alloc(65_536);
    },
  };
  await using door = await openDoor(memory);
  const stream = door.client.saveImages(['a'])[Symbol.asyncIterator]();
  await stream.next();
  await sleep(100);
  expect(made).toBeLessThan(100);
  let size = 65_536;
  for (let part = await stream.next(); !part.done; part = await stream.next()) size += part.value.length;
  expect(size).toBeGreaterThanOrEqual(1000 * 65_536);
});

test('a kept connection that the daemon closed is opened anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-door-'));
  const socketPath = join(folder, 'orc.sock');
  const client = connect({ socketPath });
  const daemon = (): Promise<Server> => serve(createMemory(), { socketPath, emit: () => undefined });
  const first = await daemon();
  await client.version();
  await first.close();
  const second = await daemon();
  const { id } = await client.createContainer({ spec: { image: 'busybox' } });
  expect((await client.listContainers({ all: true })).map((row) => row.id)).toEqual([id]);
  await second.close();
  expect(await problemOf(client.version())).toMatchObject({ code: 'daemon.unreachable' });
  client.close();
  rmSync(folder, { recursive: true });
});

test('an answer whose trailers never end is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-door-'));
  const socketPath = join(folder, 'orc.sock');
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(head + 'more: 1\r\n'.repeat(1000)));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = connect({ socketPath });
  expect(await problemOf(client.version())).toMatchObject({ code: 'internal' });
  client.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('the socket is for root and its group alone, and is not taken from a daemon that answers', async () => {
  await using door = await openDoor(createMemory());
  expect((statSync(door.socketPath).mode & 0o777).toString(8)).toBe('660');
  const gid = /^orc:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1] ?? '0';
  expect(statSync(door.socketPath).gid).toBe(Number(gid));
  const again = serve(createMemory(), { socketPath: door.socketPath, emit: () => undefined });
  expect(await problemOf(again)).toMatchObject({ code: 'conflict.inuse' });
  expect((await door.client.version()).version).toBe('0.1.0');
});

test('an empty name is refused before it becomes another path', async () => {
  const client = connect({ socketPath: '/nonexistent/orc.sock' });
  const asked = Promise.resolve().then(() => client.getContainer(''));
  expect(await problemOf(asked)).toMatchObject({ code: 'input.invalid', message: 'the name is empty' });
  client.close();
});
