/** Debian's docker-registry on a loopback port, and a scripted one that misbehaves. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';

export const hasRegistry = existsSync('/usr/bin/docker-registry') && existsSync('/usr/bin/skopeo');

export type RunningRegistry = { readonly address: string; readonly stop: () => Promise<void> };

/** A line of htpasswd. */
export const ANN = { username: 'ann', password: 'secret' } as const;
const ANN_LINE = 'ann:$2y$04$3mnRrI.uM8VvVE/l0JJleeaQ.QyIWOMXMJL6xpg7607QfQgpp.la.\n';

/**
 * `through`: a program and arguments that start it, in another network namespace say, whose port is not ours. `login`: it
 * serves `ANN` only.
 */
export async function startRegistry(
  folder: string,
  through: readonly string[] = [],
  login = false,
): Promise<RunningRegistry> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const config = join(folder, `${port}.yml`);
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${folder}/data\n`;
  const passwords = join(folder, 'htpasswd');
  writeFileSync(passwords, ANN_LINE);
  const auth = login ? `auth:\n  htpasswd:\n    realm: test\n    path: ${passwords}\n` : '';
  const http = `http:\n  addr: 127.0.0.1:${port}\n`;
  writeFileSync(config, `version: 0.1\nlog:\n  level: error\n${storage}${auth}${http}`);
  const [file = '', ...args] = [...through, '/usr/bin/docker-registry', 'serve', config];
  const child = spawn(file, args, { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  for (let attempt = 0; through.length === 0; attempt += 1) {
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (answer !== undefined) break;
    if (attempt > 800) throw new Error('docker-registry does not answer');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  return { address, stop };
}

async function freePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function skopeo(...argv: readonly string[]): string {
  return execFileSync('skopeo', ['--insecure-policy', ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** `routes` by path and query-less; what has none is 404. Every request is noted. */
export async function startScripted(routes: Readonly<Record<string, Handler>>): Promise<{
  readonly address: string;
  readonly seen: { path: string; headers: IncomingMessage['headers'] }[];
  readonly stop: () => Promise<void>;
}> {
  const seen: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    seen.push({ path: url.pathname + url.search, headers: request.headers });
    const handler = routes[url.pathname];
    if (handler === undefined) response.writeHead(404).end('{}');
    else handler(request, response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop };
}

export const sha256 = (data: Uint8Array): string =>
  `sha256:${createHash('sha256').update(data).digest('hex')}`;
export const send =
  (data: Uint8Array, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': String(data.length), ...headers }).end(data);
  };
