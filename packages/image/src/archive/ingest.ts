/** The members of an archive as blobs: what a path held, by digest. */
import type { Digest } from '@orc/model';
import { fail } from '@orc/model';
import { compressionOf, type Compression, decompress, type Source } from '../layer/compression.ts';
import { partsOf, targetOf } from '../layer/names.ts';
import { ARCHIVE_ENTRIES_MAX, LINK_HOPS_MAX } from '../limits.ts';
import { promisedDigest } from '../plan/archive.ts';
import type { BlobInfo, BlobWriter } from '../store/blobs.ts';
import type { Store } from '../store/context.ts';
import { createTarReader } from '../tar/reader.ts';

export type Member = BlobInfo & { readonly compression: Compression };
export type Members = {
  /** Links followed. `undefined`: no such file. */
  find(path: string): Member | undefined;
  /** Whatever was made of this archive; the loader adds its own. */
  readonly digests: Digest[];
};

type Operation = (writing: Writing) => Promise<void>;
type Writing = { writer?: BlobWriter; head: Buffer; path: string; readonly finishing: Promise<void>[] };

/** Every blob is checked against the digest that its path promises, if it promises one. */
export async function ingestMembers(store: Store, source: Source): Promise<Members> {
  const files = new Map<string, Member>();
  const links = new Map<string, string>();
  const operations: Operation[] = [];
  const reader = createTarReader({
    onEntry: (entry) => {
      const path = partsOf(entry.path).join('/');
      if (files.size + links.size >= ARCHIVE_ENTRIES_MAX)
        throw fail('image.invalid', 'the archive has too many members');
      if (entry.type === 'symlink')
        links.set(path, targetOf(partsOf(entry.path).slice(0, -1), entry.linkname).join('/'));
      if (entry.type === 'hardlink') links.set(path, partsOf(entry.linkname).join('/'));
      if (entry.type === 'file') operations.push((writing) => beginBlob(store, writing, path));
    },
    onData: (data) => operations.push((writing) => appendBlob(writing, data)),
    onEntryEnd: () => operations.push((writing) => endBlob(writing, files)),
  });
  const writing: Writing = { head: Buffer.alloc(0), path: '', finishing: [] };
  try {
    for await (const chunk of decompress(source)) {
      reader.push(chunk);
      for (const operation of operations.splice(0)) await operation(writing);
    }
    reader.end();
    await Promise.all(writing.finishing);
  } catch (error) {
    await writing.writer?.abort();
    await Promise.allSettled(writing.finishing);
    throw error;
  }
  return {
    find: (path) => findMember(files, links, path),
    digests: [...files.values()].map(({ digest }) => digest),
  };
}

async function beginBlob(store: Store, writing: Writing, path: string): Promise<void> {
  writing.writer = await store.blobs.newWriter();
  writing.head = Buffer.alloc(0);
  writing.path = path;
}

async function appendBlob(writing: Writing, data: Buffer): Promise<void> {
  if (writing.head.length < 6) writing.head = Buffer.concat([writing.head, data.subarray(0, 6)]);
  await writing.writer?.write(data);
}

/** The disk syncs one blob while the next is read. */
async function endBlob(writing: Writing, files: Map<string, Member>): Promise<void> {
  const { writer, path, head } = writing;
  if (writer === undefined) return;
  delete writing.writer;
  const done = writer.finish(undefined, promisedDigest(path)).then((info) => {
    files.set(path, { ...info, compression: compressionOf(head) });
  });
  done.catch(() => undefined);
  writing.finishing.push(done);
}

function findMember(
  files: ReadonlyMap<string, Member>,
  links: ReadonlyMap<string, string>,
  path: string,
): Member | undefined {
  let at = path.replace(/^\.\//, '');
  for (let hops = 0; hops < LINK_HOPS_MAX; hops += 1) {
    const found = files.get(at);
    const next = links.get(at);
    if (found !== undefined || next === undefined) return found;
    at = next;
  }
  return undefined;
}
