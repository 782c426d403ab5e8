/** A served memory backend on a socket of its own, with its client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../src/backend.ts';
import { type Client, connect } from '../src/client/index.ts';
import { serve } from '../src/server.ts';

export type Door = AsyncDisposable & {
  readonly client: Client;
  readonly socketPath: string;
  readonly folder: string;
  readonly emitted: string[];
};

export async function openDoor(backend: Backend): Promise<Door> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-door-'));
  const socketPath = join(folder, 'orc.sock');
  const emitted: string[] = [];
  const server = await serve(backend, {
    socketPath,
    emit: (level, message) => emitted.push(`${level} ${message}`),
  });
  const client = connect({ socketPath });
  const dispose = async (): Promise<void> => {
    client.close();
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { client, socketPath, folder, emitted, [Symbol.asyncDispose]: dispose };
}
