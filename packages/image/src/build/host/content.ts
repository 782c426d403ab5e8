/**
 * One digest over everything that COPY or ADD would write: paths, kinds, modes, owners and bytes; times are
 * left out.
 */
import { createHash } from 'node:crypto';
import type { FileHashes } from './hashes.ts';
import type { Selected } from './selection.ts';
import type { Slices } from './slices.ts';
import { linkOf } from './tree.ts';

export async function contentDigest(
  rows: readonly Selected[],
  hashes: FileHashes,
  options: { readonly withOwner: boolean; readonly pause: Slices },
): Promise<string> {
  const sum = createHash('sha256');
  for (const row of rows) {
    sum.update(JSON.stringify([row.target, ...(await describe(row, hashes, options.withOwner))]));
    await options.pause();
  }
  return sum.digest('hex');
}

async function describe(
  { entry }: Selected,
  hashes: FileHashes,
  withOwner: boolean,
): Promise<readonly string[]> {
  const { stats, kind } = entry;
  const owner = withOwner ? `${stats.uid}:${stats.gid}` : '';
  const mode = kind === 'symlink' ? '' : stats.mode.toString(8);
  if (kind === 'file') return [kind, mode, owner, await hashes.of(entry)];
  if (kind === 'symlink') return [kind, mode, owner, linkOf(entry)];
  return [kind, mode, owner, kind === 'other' ? String(stats.rdev) : ''];
}
