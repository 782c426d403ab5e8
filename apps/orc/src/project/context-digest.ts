/** What a build would be given, in one number: two with the same one build the same, from the same base images. */
import { type Hash, createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildSpec } from '@orc/model';
import { walkContext } from '../context/walk.ts';
import { READ_BYTES } from '../limits.ts';

/** Paths, modes, links and contents; times do not count, as they do not for the cache of builds. */
export function contextDigest({ context, ...build }: BuildSpec): string {
  const { dockerfile = 'Dockerfile' } = build;
  const hash = createHash('sha256').update(`${JSON.stringify(build)}\0`);
  // It may lie outside.
  const written = resolve(context, dockerfile);
  if (existsSync(written)) addContent(hash, written);
  const files = existsSync(context) ? walkContext(context, dockerfile) : [];
  for (const { path, type, mode, size, linkname = '' } of files) {
    hash.update(`${path}\0${type}\0${mode}\0${size}\0${linkname}\0`);
    if (type === 'file') addContent(hash, join(context, path));
  }
  return `sha256:${hash.digest('hex')}`;
}

function addContent(hash: Hash, path: string): void {
  const piece = Buffer.allocUnsafe(READ_BYTES);
  const fd = openSync(path, 'r');
  try {
    for (let count = 1; count > 0; ) {
      count = readSync(fd, piece, 0, piece.length, null);
      hash.update(piece.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
