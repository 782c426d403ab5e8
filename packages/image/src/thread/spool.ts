/** A blob in the making: written aside and hashed on its way, from a thread that may wait for the disk. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fdatasync, openSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { atPath } from '@orc/disk';
import type { Digest } from '@orc/model';
import { startWriteback } from '../layer/syscalls.ts';
import { WRITEBACK_BYTES } from '../limits.ts';
import { write } from './write.ts';

export type Spooled = { readonly digest: Digest; readonly size: number };

export type Spool = {
  write(chunk: Uint8Array): void;
  /** What was written so far. */
  end(): Spooled;
  /** Resolves when it is on the disk. In Node's pool: other jobs of this thread go on. */
  sync(): Promise<void>;
  close(): void;
  /** Closes and removes it. */
  abort(): void;
};

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

export function openSpool(path: string): Spool {
  const fd = openSync(path, FLAGS, 0o600);
  const hash = createHash('sha256');
  let size = 0;
  let given = 0;
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return {
    write: (chunk) => {
      hash.update(chunk);
      write(fd, path, chunk);
      size += chunk.length;
      if (size - given < WRITEBACK_BYTES) return;
      startWriteback(fd, given, size - given);
      given = size;
    },
    end: () => ({ digest: `sha256:${hash.digest('hex')}` as Digest, size }),
    sync: () => promisify(fdatasync)(fd).catch(atPath(path)),
    close,
    abort: () => {
      close();
      rmSync(path, { force: true });
    },
  };
}
