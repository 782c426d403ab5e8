/** A stream of an archive, of any supported compression, into a folder. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Digest } from '@orc/model';
import { PIECE_BYTES, SLICE_MS } from '../limits.ts';
import { createTarReader, type TarReader } from '../tar/reader.ts';
import { decompress, type Source } from './compression.ts';
import { type Extracted, type ExtractOptions, openExtractor } from './extract.ts';

export type UnpackOptions = ExtractOptions & {
  /** Also compute the digest of the uncompressed tar. */
  readonly withDiffId?: boolean;
  readonly onBytes?: (bytes: number) => void;
  /** Throws once the caller has given up. */
  readonly check?: () => void;
};
export type Unpacked = Extracted & { readonly diffId?: Digest };

/** Throws `image.invalid` for a damaged or hostile archive; the folder then holds part of it. */
export async function unpackArchive(
  source: Source,
  folder: string,
  options: UnpackOptions,
): Promise<Unpacked> {
  const extractor = openExtractor(folder, options);
  const reader = createTarReader(extractor.handler);
  const hash = options.withDiffId === true ? createHash('sha256') : undefined;
  let bytes = 0;
  try {
    for await (const chunk of decompress(source)) {
      options.check?.();
      hash?.update(chunk);
      await pushPieces(reader, chunk);
      bytes += chunk.length;
      options.onBytes?.(bytes);
    }
    reader.end();
    const extracted = extractor.finish();
    return hash === undefined
      ? extracted
      : { ...extracted, diffId: `sha256:${hash.digest('hex')}` as Digest };
  } finally {
    extractor.close();
  }
}

/** Thousands of tiny files in one chunk would hold up everything else. */
async function pushPieces(reader: TarReader, chunk: Uint8Array): Promise<void> {
  let began = performance.now();
  for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
    reader.push(chunk.subarray(at, at + PIECE_BYTES));
    if (performance.now() - began < SLICE_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}
