/** A process that asks ports until each has answered over HTTP: healthy as seen from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { once } from 'node:events';

const PAUSE_MS = 2;
const LIMIT_MS = 60_000;

export type Prober = {
  /** Milliseconds since the epoch at which the last of the ports had answered. */
  readonly answered: Promise<number>;
};

/** Resolves when it has begun to ask. `inside`: a network namespace's file. */
export async function startProber(ports: readonly number[], inside?: string): Promise<Prober> {
  const command = [process.execPath, import.meta.filename, ...ports.map(String)];
  const line = inside === undefined ? command : ['nsenter', `--net=${inside}`, ...command];
  const child: ChildProcess = spawn(line[0] as string, line.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  const answered = ended.then(([code]) => {
    if (code !== 0) throw new Error(`not every port answered within ${LIMIT_MS} ms`);
    return Number(lines.join('').trim().split('\n').at(-1));
  });
  return { answered };
}

async function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.once('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.once('data', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('close', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function probe(port: number, deadline: number): Promise<void> {
  while (!(await answers(port))) {
    if (Date.now() > deadline) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

if (import.meta.main) {
  console.log('asking');
  const ports = process.argv.slice(2).map(Number);
  await Promise.all(ports.map((port) => probe(port, Date.now() + LIMIT_MS)));
  console.log(performance.timeOrigin + performance.now());
}
