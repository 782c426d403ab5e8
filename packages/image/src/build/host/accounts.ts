/** Who a name is inside an image. */
import { readFileSync } from 'node:fs';
import { fail } from '@orc/model';
import { ACCOUNTS_BYTES_MAX } from '../limits.ts';
import { type Accounts, type Owner, readOwner } from '../plan/owner.ts';
import { lookup, toHost, type Tree } from './tree.ts';

/** Throws `build.failed` for a name that the image does not have. */
export function ownerIn(tree: Tree, text: string): Owner {
  const found = readOwner(text, accountsOf(tree));
  if (!('error' in found)) return found;
  throw fail('build.failed', found.error, { hint: 'make it in a RUN before, or write numbers' });
}

const accountsOf = (tree: Tree): Accounts => ({
  passwd: readText(tree, 'etc/passwd'),
  group: readText(tree, 'etc/group'),
});

function readText(tree: Tree, path: string): string {
  const entry = tree.folders.length === 0 ? undefined : lookup(tree, path);
  if (entry?.kind !== 'file' || entry.stats.size > BigInt(ACCOUNTS_BYTES_MAX)) return '';
  return readFileSync(toHost(entry.places[0] as string), 'utf8');
}
