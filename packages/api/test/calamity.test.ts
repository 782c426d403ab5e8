/** What goes wrong below or behind the door ends one conversation, never the daemon. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Backend, Duplex, StreamChunk } from '../src/backend.ts';
import { type Door, openDoor } from './door.ts';
import { createMemory } from './memory.ts';

const UPGRADE =
  'POST /v1/containers/a/attach HTTP/1.1\r\nhost: orc\r\nconnection: Upgrade\r\nupgrade: tcp\r\n\r\n';

/** All that comes back until the daemon closes. */
async function talk(door: Door, request: string): Promise<string> {
  const socket = connect(door.socketPath);
  socket.write(request);
  let answer = '';
  for await (const data of socket) answer += String(data);
  return answer;
}

const attachedTo = (duplex: Partial<Duplex>, raw: boolean): Backend => {
  const memory = createMemory();
  const whole: Duplex = { output: nothing(), write: async () => {}, closeStdin() {}, close() {}, ...duplex };
  return {
    ...memory,
    getContainer: async () => ({ spec: { tty: raw } }) as never,
    attachContainer: async () => whole,
  };
};
async function* nothing(): AsyncGenerator<StreamChunk> {}
async function* failing(): AsyncGenerator<StreamChunk> {
  yield { stream: 'stdout', data: Buffer.from('so far') };
  throw new TypeError('the shim is gone');
}

test.each([true, false])(
  'an upgraded stream (raw: %s) that fails ends, and says nothing of HTTP in it',
  async (raw) => {
    let closed = 0;
    const backend = attachedTo({ output: failing(), close: () => void (closed += 1) }, raw);
    await using door = await openDoor(backend);
    const answer = await talk(door, UPGRADE);
    expect(answer).toContain('so far');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(closed).toBeGreaterThan(0);
    if (raw) expect(door.emitted).toEqual(['error request failed: the shim is gone']);
    expect((await door.client.version()).pid).toBe(42);
  },
);

test('an upgrade whose container fails to close, or to take its input, ends nothing else', async () => {
  const fails = (): never => {
    throw new TypeError('no such descriptor');
  };
  const backend = attachedTo({ write: async () => fails(), closeStdin: fails, close: fails }, true);
  await using door = await openDoor(backend);
  expect(await talk(door, `${UPGRADE}input`)).toContain('101 UPGRADED');
  expect((await door.client.version()).pid).toBe(42);
  expect(door.emitted).toContain('error request failed: no such descriptor');
});

test('output that comes after its reader went is dropped', async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let said = 0;
  const late = async function* (): AsyncGenerator<StreamChunk> {
    yield { stream: 'stdout', data: Buffer.from('now') };
    await gone;
    said += 1;
    yield { stream: 'stdout', data: Buffer.from('late') };
  };
  const memory = createMemory();
  await using door = await openDoor({
    ...memory,
    getContainer: async () => ({ spec: { tty: false } }) as never,
    containerLogs: late,
  });
  const socket: Socket = connect(door.socketPath);
  socket.write('GET /v1/containers/a/logs?stdout=1&follow=1 HTTP/1.1\r\nhost: orc\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
  await once(socket, 'close');
  await new Promise((later) => setTimeout(later, 50));
  resolve();
  await expect.poll(() => said).toBe(1);
  expect((await door.client.version()).pid).toBe(42);
});

test('connections that the kernel does not accept are told of, each time, and end nothing', async () => {
  const servers: Server[] = [];
  const http = process.getBuiltinModule('node:http');
  const { createServer } = http;
  const spy = vi.spyOn(http, 'createServer').mockImplementation((...of: unknown[]) => {
    const server = createServer(...(of as Parameters<typeof createServer>));
    servers.push(server);
    return server;
  });
  await using door = await openDoor(createMemory());
  spy.mockRestore();
  for (let turn = 0; turn < 3; turn += 1) servers[0]?.emit('error', new Error('accept ENFILE'));
  expect(door.emitted).toEqual(Array(3).fill('warn a connection was not accepted'));
  expect((await door.client.version()).pid).toBe(42);
});

test('a daemon without a free descriptor refuses connections, and serves again once it has some', async () => {
  const program = join(import.meta.dirname, 'door-child.ts');
  const child = spawn('sh', ['-c', 'ulimit -n 40; exec "$0" "$1"', process.execPath, program]);
  const lines = createInterface({ input: child.stdout });
  const [socketPath] = (await once(lines, 'line')) as [string];
  const many: Socket[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const socket = connect(socketPath).on('error', () => undefined);
    many.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
  }
  await new Promise((later) => setTimeout(later, 200));
  for (const each of many) each.destroy();
  expect(child.exitCode).toBeNull();
  await vi.waitFor(async () => {
    const socket = connect(socketPath);
    socket.write('GET /v1/version HTTP/1.1\r\nhost: orc\r\nconnection: close\r\n\r\n');
    let answer = '';
    for await (const data of socket) answer += String(data);
    expect(answer).toContain('"pid":42');
  }, 15_000);
  child.stdin.end();
  await once(child, 'exit');
});
