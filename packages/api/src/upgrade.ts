/** Attach and exec: the connection leaves HTTP (101) and carries bytes both ways. */
import type { Duplex as Socket } from 'node:stream';
import { PROBLEM_CODES, type Problem, fail } from '@orc/model';
import type { Duplex } from './backend.ts';
import { MULTIPLEXED, RAW, type Reply } from './reply.ts';
import { dataOf, writeFrames, wrote } from './send.ts';

export type Upgrade = Extract<Reply, { readonly kind: 'duplex' }>;

export function upgradeOf(reply: Reply): Upgrade {
  if (reply.kind === 'duplex') return reply;
  throw fail('usage.invalid', 'this route does not upgrade the connection', {
    hint: 'send the request without "Upgrade"',
  });
}

/**
 * Pumps until both sides are done. The client's end of input closes stdin only; its close ends it all. Output that fails is
 * thrown when the connection has been closed: it left HTTP, so there is nothing to say it in.
 */
export async function upgrade(
  socket: Socket,
  head: Uint8Array,
  { duplex, raw }: Upgrade,
  failed: (error: unknown) => void,
): Promise<void> {
  const close = (): void => {
    try {
      duplex.close();
    } catch (error) {
      failed(error);
    }
  };
  socket.on('close', close);
  if (socket.destroyed) close();
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\ncontent-type: ${raw ? RAW : MULTIPLEXED}\r\nconnection: Upgrade\r\nupgrade: tcp\r\n\r\n`,
  );
  const input = pumpInput(socket, head, duplex);
  try {
    await (raw ? writeRaw(socket, duplex) : writeFrames(socket, duplex.output));
  } finally {
    close();
    socket.end();
    // A client that keeps its half open has nothing left to say to anybody.
    socket.once('finish', () => socket.destroy());
  }
  await input;
}

export function refuseUpgrade(socket: Socket, problem: Problem): void {
  if (!socket.writable) return;
  const body = JSON.stringify({ problem });
  const status = PROBLEM_CODES[problem.code].http;
  const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n\r\n${body}`);
}

async function pumpInput(socket: Socket, head: Uint8Array, duplex: Duplex): Promise<void> {
  try {
    if (head.length > 0) await duplex.write(head);
    for await (const data of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
      await duplex.write(data);
    duplex.closeStdin();
  } catch {
    // The program's end of the pipe is gone: its output tells how it ended. Drain, so that the close is seen.
    socket.resume();
  }
}

async function writeRaw(socket: Socket, duplex: Duplex): Promise<void> {
  for await (const data of dataOf(duplex.output)) if (!(await wrote(socket, data))) return;
}
