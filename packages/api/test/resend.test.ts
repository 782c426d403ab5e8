/** What a client does when a kept connection breaks: nothing that may have been carried out is asked for twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { OrcError } from '@orc/model';
import { type Client, connect } from '../src/client/index.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

type Broken = AsyncDisposable & {
  readonly client: Client;
  /** Request lines, in the order in which they came whole. */
  readonly asked: string[];
  /** The connections of the server, oldest first. */
  readonly sockets: Socket[];
};

/**
 * Answers the first request of each connection; `onSecond` says what becomes of the first connection's next one, with
 * `every` of all later ones.
 */
async function openBroken(onSecond: (socket: Socket) => void, { every = false } = {}): Promise<Broken> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-resend-'));
  const socketPath = join(folder, 'orc.sock');
  const [asked, sockets]: [string[], Socket[]] = [[], []];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      asked.push(data.toString('latin1').split(' HTTP', 1)[0] as string);
      if (asked.length > 1 && (every || socket === sockets[0])) onSecond(socket);
      else socket.write(OK);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = connect({ socketPath });
  await client.version();
  const dispose = async (): Promise<void> => {
    client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  };
  return { client, asked, sockets, [Symbol.asyncDispose]: dispose };
}

const REQUESTS: readonly (readonly [string, (client: Client) => Promise<unknown>])[] = [
  ['GET /v1/containers?all=true', (client) => client.listContainers({ all: true })],
  ['POST /v1/containers', (client) => client.createContainer({ spec: { image: 'b' } })],
  ['POST /v1/containers/web/start', (client) => client.startContainer('web')],
  ['DELETE /v1/containers/web', (client) => client.removeContainer('web', {})],
];

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: OrcError) => `${error.problem.code}: ${error.message}. ${error.problem.hint}`,
  );

test.each(REQUESTS)('%s, taken in whole before the connection ends', async (line, ask) => {
  await using broken = await openBroken((socket) => socket.destroy());
  const said = await outcome(ask(broken.client));
  const again = line.startsWith('GET');
  expect(broken.asked).toEqual(['GET /v1/version', line, ...(again ? [line] : [])]);
  expect(said).toBe(
    again
      ? 'answered'
      : `daemon.unreachable: the daemon closed the connection without an answer to ${line}. it may have been carried out: look before you try again`,
  );
});

test.each(REQUESTS)('%s, with a part of an answer', async (line, ask) => {
  await using broken = await openBroken((socket) => socket.end('HTTP/1.1 2'));
  expect(await outcome(ask(broken.client))).toMatch(/^daemon.unreachable: the daemon closed the connection/);
  expect(broken.asked).toEqual(['GET /v1/version', line]);
});

test.each(REQUESTS)('%s, in the instant in which the server closes', async (line, ask) => {
  await using broken = await openBroken(() => expect.unreachable('the connection was closed'));
  broken.sockets[0]?.destroy();
  expect(await outcome(ask(broken.client))).toBe('answered');
  expect(broken.asked).toEqual(['GET /v1/version', line]);
});

test.each(REQUESTS)('%s, after the server has closed', async (line, ask) => {
  await using broken = await openBroken(() => expect.unreachable('the connection has ended'));
  broken.sockets[0]?.end();
  for (let count = 0; count < 5; count += 1) await turn();
  expect(await outcome(ask(broken.client))).toBe('answered');
  expect(broken.asked).toEqual(['GET /v1/version', line]);
});

test('what comes without having been asked for answers nothing', async () => {
  await using broken = await openBroken(() => expect.unreachable('the connection is not used again'));
  broken.sockets[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"evil"');
  for (let count = 0; count < 5; count += 1) await turn();
  expect(await broken.client.listContainers({ all: true })).toEqual({});
  expect(broken.sockets.length).toBe(2);
});

test('a request whose second connection breaks too is not sent a third time', async () => {
  await using broken = await openBroken((socket) => socket.destroy(), { every: true });
  expect(await outcome(broken.client.version())).toMatch(/before its answer was complete/);
  expect(broken.asked.length).toBe(3);
});
