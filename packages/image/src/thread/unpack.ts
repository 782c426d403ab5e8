/** A layer into its folder: from a blob that is here, or from one on its way in. */
import { closeSync, openSync, readSync } from 'node:fs';
import { unpackArchive, type Unpacked } from '../layer/unpack.ts';
import { READ_CHUNK_BYTES, THREAD_REPORT_BYTES } from '../limits.ts';
import type { Tools } from './jobs.ts';

export type UnpackArgs = {
  /** The blob. */
  readonly path: string;
  readonly folder: string;
  /** Also compute the digest of the uncompressed tar. */
  readonly withDiffId: boolean;
};
export type UnpackedLayer = Unpacked;

export async function unpackBlob(args: UnpackArgs, tools: Tools): Promise<UnpackedLayer> {
  return unpackArchive(fileChunks(args.path), args.folder, {
    whiteouts: true,
    withDiffId: args.withDiffId,
    onBytes: everySo(tools.onBytes),
    check: tools.check,
  });
}

/** A message for every chunk would be too many. */
export function everySo(tell: (bytes: number) => void): (bytes: number) => void {
  let told = 0;
  return (bytes) => {
    if (bytes - told < THREAD_REPORT_BYTES) return;
    told = bytes;
    tell(bytes);
  };
}

async function* fileChunks(path: string): AsyncGenerator<Buffer> {
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(READ_CHUNK_BYTES);
      const count = readSync(fd, buffer);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}
