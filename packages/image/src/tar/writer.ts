/** Writes tar: ustar headers, pax extended headers for what does not fit (POSIX.1-2001). Same entry, same bytes. */
import { encodeName } from './bytes.ts';
import { BLOCK, type TarEntry, type TarType } from './entry.ts';

const FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const OCTAL_7_MAX = 0o7777777;
const OCTAL_11_MAX = 0o77777777777;
const NAME_FIELD = 100;

/** The header block, after a pax header when one is needed. The data and `padding(size)` follow. */
export function encodeHeader(entry: TarEntry): Buffer {
  const name = encodeName(entry.path);
  const link = encodeName(entry.linkname);
  const split = splitUstar(name);
  const records = paxRecords(entry, name, link, split !== undefined);
  const header = ustar(
    entry,
    FLAGS[entry.type],
    split ?? { name: name.subarray(0, NAME_FIELD), prefix: NONE },
    link,
  );
  return records.length === 0 ? header : Buffer.concat([paxHeader(records, name), header]);
}

export const padding = (size: number): Buffer => ZEROS.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
/** The two blocks that end an archive. */
export const trailer = (): Buffer => Buffer.alloc(2 * BLOCK);
/** An entry with docker's defaults for what is left out. */
export const entryOf = (part: Partial<TarEntry> & Pick<TarEntry, 'path' | 'type'>): TarEntry => ({
  mode: part.type === 'directory' ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  linkname: '',
  major: 0,
  minor: 0,
  xattrs: new Map(),
  ...part,
});

const ZEROS = Buffer.alloc(BLOCK);
const NONE = Buffer.alloc(0);

function ustar(entry: TarEntry, flag: string, at: { name: Buffer; prefix: Buffer }, link: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  at.name.copy(block, 0);
  octal(block, 100, 8, entry.mode & 0o7777);
  octal(block, 108, 8, entry.uid <= OCTAL_7_MAX ? entry.uid : 0);
  octal(block, 116, 8, entry.gid <= OCTAL_7_MAX ? entry.gid : 0);
  octal(block, 124, 12, entry.type === 'file' && entry.size <= OCTAL_11_MAX ? entry.size : 0);
  octal(block, 136, 12, entry.mtimeSec >= 0 && entry.mtimeSec <= OCTAL_11_MAX ? entry.mtimeSec : 0);
  block.fill(' ', 148, 156);
  block.write(flag, 156, 'latin1');
  link.subarray(0, NAME_FIELD).copy(block, 157);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, entry.major);
  octal(block, 337, 8, entry.minor);
  at.prefix.copy(block, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

/** `undefined`: it needs a pax path. */
function splitUstar(name: Buffer): { name: Buffer; prefix: Buffer } | undefined {
  if (name.length <= NAME_FIELD) return { name, prefix: NONE };
  const slash = name.lastIndexOf('/', 155);
  const rest = name.length - slash - 1;
  if (slash <= 0 || rest === 0 || rest > NAME_FIELD) return undefined;
  return { name: name.subarray(slash + 1), prefix: name.subarray(0, slash) };
}

function paxRecords(entry: TarEntry, name: Buffer, link: Buffer, fits: boolean): readonly Buffer[] {
  const records: Buffer[] = [];
  const add = (key: string, value: Buffer | string): number => records.push(paxRecord(key, value));
  if (!fits) add('path', name);
  if (link.length > NAME_FIELD) add('linkpath', link);
  if (entry.uid > OCTAL_7_MAX) add('uid', String(entry.uid));
  if (entry.gid > OCTAL_7_MAX) add('gid', String(entry.gid));
  if (entry.type === 'file' && entry.size > OCTAL_11_MAX) add('size', String(entry.size));
  if (entry.mtimeNsec !== 0 || entry.mtimeSec < 0 || entry.mtimeSec > OCTAL_11_MAX)
    add('mtime', paxTime(entry));
  for (const key of [...entry.xattrs.keys()].sort())
    add(`SCHILY.xattr.${key}`, entry.xattrs.get(key) as Buffer);
  return records;
}

/** Seconds below zero with a fraction count downwards: -1 s + 0.25 s is `-0.75`. */
function paxTime(entry: TarEntry): string {
  if (entry.mtimeNsec === 0) return String(entry.mtimeSec);
  const negative = entry.mtimeSec < 0;
  const seconds = negative ? -(entry.mtimeSec + 1) : entry.mtimeSec;
  const nanos = negative ? 1_000_000_000 - entry.mtimeNsec : entry.mtimeNsec;
  return `${negative ? '-' : ''}${seconds}.${String(nanos).padStart(9, '0')}`.replace(/0+$/, '');
}

/** `length key=value\n`, where length counts itself. */
function paxRecord(key: string, value: Buffer | string): Buffer {
  const body = Buffer.concat([
    Buffer.from(` ${key}=`),
    typeof value === 'string' ? Buffer.from(value) : value,
    NEWLINE,
  ]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

const NEWLINE = Buffer.from('\n');

function paxHeader(records: readonly Buffer[], name: Buffer): Buffer {
  const data = Buffer.concat(records);
  const base = name.subarray(name.lastIndexOf('/', name.length - 2) + 1).subarray(0, NAME_FIELD - 11);
  const label = Buffer.concat([Buffer.from('PaxHeaders/'), base]);
  const entry = entryOf({ path: '', type: 'file', size: data.length });
  return Buffer.concat([ustar(entry, 'x', { name: label, prefix: NONE }, NONE), data, padding(data.length)]);
}
