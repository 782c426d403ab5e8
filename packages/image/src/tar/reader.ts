/**
 * Reads tar: ustar, pax, GNU (long names, base 256, sparse), old v7. Synchronous and push-driven, so that thousands
 * of small members cost no turn of the event loop each. Throws `image.invalid` for anything out of order.
 */
import { TAR_META_BYTES_MAX, TAR_SPARSE_PARTS_MAX } from '../limits.ts';
import { decodeName } from './bytes.ts';
import { BLOCK, type SparsePart, type TarEntry, TYPE_FLAGS } from './entry.ts';
import { damaged, decimal, readCount, readNumber, readTime } from './numbers.ts';
import { lastOf, type PaxRecord, parsePax } from './pax.ts';
import {
  checkMap,
  extensionMap,
  leadingMap,
  oldHeaderMap,
  paxMap,
  paxRealSize,
  type SparseMap,
} from './sparse.ts';

export type TarHandler = {
  onEntry(entry: TarEntry): void;
  /** Bytes of the last entry, at `offset` of the file; the buffer is only good during the call. */
  onData(data: Buffer, offset: number): void;
  onEntryEnd(): void;
};

export type TarReader = {
  push(chunk: Uint8Array): void;
  /** After the last chunk. An archive that ends inside a member throws; one without its final zero blocks does not. */
  end(): void;
};

type Member = { readonly header: Header; readonly records: readonly PaxRecord[]; readonly stored: number };
type Data = {
  /** Bytes of the archive that still belong to it, then padding. */
  left: number;
  padding: number;
  parts: readonly SparsePart[];
  part: number;
  /** Of the current part. */
  done: number;
};
type Header = { readonly block: Buffer; readonly flag: string; readonly size: number };

type State =
  | { readonly at: 'header' }
  | { readonly at: 'meta'; readonly header: Header; readonly length: number }
  | { readonly at: 'extension'; readonly member: Member; readonly map: SparseMap }
  | { readonly at: 'map'; readonly member: Member; readonly size: number }
  | { readonly at: 'data'; readonly data: Data }
  | { readonly at: 'done' };

type Machine = {
  readonly handler: TarHandler;
  state: State;
  pending: Buffer;
  /** Pax records and GNU long names for the next member, and those for all. */
  next: PaxRecord[];
  global: readonly PaxRecord[];
};

const META_FLAGS = 'xgLKX';

export function createTarReader(handler: TarHandler): TarReader {
  const machine: Machine = { handler, state: { at: 'header' }, pending: EMPTY, next: [], global: [] };
  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      consume(machine, machine.pending.length === 0 ? bytes : Buffer.concat([machine.pending, bytes]));
    },
    end: () => {
      const whole =
        machine.state.at === 'done' || (machine.state.at === 'header' && machine.pending.length === 0);
      if (!whole || (machine.state.at === 'header' && machine.next.length > 0))
        throw damaged('it ends in the middle');
    },
  };
}

const EMPTY = Buffer.alloc(0);

function consume(machine: Machine, bytes: Buffer): void {
  let at = 0;
  for (;;) {
    const used = step(machine, bytes, at);
    if (used === 0) break;
    at += used;
  }
  machine.pending = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
}

/** Bytes used; 0 when more are needed. */
function step(machine: Machine, bytes: Buffer, at: number): number {
  const { state } = machine;
  const available = bytes.length - at;
  if (state.at === 'data') return takeData(machine, state.data, bytes, at);
  if (state.at === 'done') return available;
  if (state.at === 'meta') return takeMeta(machine, state, bytes, at);
  if (state.at === 'map') return takeMap(machine, state, bytes, at);
  if (available < BLOCK) return 0;
  const block = bytes.subarray(at, at + BLOCK);
  if (state.at === 'extension') takeExtension(machine, state, block);
  else takeHeader(machine, block);
  return BLOCK;
}

function takeHeader(machine: Machine, shared: Buffer): void {
  if (isZero(shared)) {
    if (machine.next.length > 0) throw damaged('a pax header without a member');
    machine.state = { at: 'done' };
    return;
  }
  const block = Buffer.from(shared);
  checkSum(block);
  const flag = String.fromCharCode(block[156] as number);
  const header: Header = { block, flag, size: readCount(block, 124, 12, 'size') };
  if (META_FLAGS.includes(flag)) {
    if (header.size > TAR_META_BYTES_MAX) throw damaged(`a header of ${header.size} bytes is too large`);
    machine.state = { at: 'meta', header, length: Math.ceil(header.size / BLOCK) * BLOCK };
    if (header.size === 0) machine.state = { at: 'header' };
    return;
  }
  beginMember(machine, header);
}

function beginMember(machine: Machine, header: Header): void {
  const records = [...machine.global, ...machine.next];
  machine.next = [];
  const size = lastOf(records, 'size')?.toString('latin1');
  const stored = size === undefined ? header.size : decimal(size, 'size');
  const member = { header, records, stored };
  const realSize = paxRealSize(records);
  if (header.flag === 'S') {
    const { map, more } = oldHeaderMap(header.block);
    if (more) machine.state = { at: 'extension', member, map };
    else begin(machine, member, map, stored);
  } else if (realSize !== undefined) {
    machine.state = { at: 'map', member, size: realSize };
  } else {
    begin(machine, member, paxMap(records), stored);
  }
}

function takeExtension(machine: Machine, state: State & { at: 'extension' }, block: Buffer): void {
  const { parts, more } = extensionMap(block);
  const map = { size: state.map.size, parts: [...state.map.parts, ...parts] };
  if (map.parts.length > TAR_SPARSE_PARTS_MAX) throw damaged('a sparse map is too long');
  if (more) machine.state = { at: 'extension', member: state.member, map };
  else begin(machine, state.member, map, state.member.stored);
}

function takeMap(machine: Machine, state: State & { at: 'map' }, bytes: Buffer, at: number): number {
  const found = leadingMap(bytes.subarray(at));
  if (found === undefined) {
    if (bytes.length - at > TAR_META_BYTES_MAX) throw damaged('a sparse map is too large');
    return 0;
  }
  const stored = state.member.stored - found.length;
  if (stored < 0) throw damaged('a sparse map is longer than its member');
  begin(machine, state.member, { size: state.size, parts: found.parts }, stored);
  return found.length;
}

function takeMeta(machine: Machine, state: State & { at: 'meta' }, bytes: Buffer, at: number): number {
  if (bytes.length - at < state.length) return 0;
  const data = Buffer.from(bytes.subarray(at, at + state.header.size));
  const { flag } = state.header;
  if (flag === 'x' || flag === 'X') machine.next.push(...parsePax(data));
  if (flag === 'g') machine.global = parsePax(data).filter((record) => !OWN_KEYS.has(record.key));
  if (flag === 'L') machine.next.push({ key: 'path', value: untilNul(data) });
  if (flag === 'K') machine.next.push({ key: 'linkpath', value: untilNul(data) });
  machine.state = { at: 'header' };
  return state.length;
}
/** What a header for all members cannot mean. */
const OWN_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'size']);

/** `map` undefined: the data is the file. */
function begin(machine: Machine, member: Member, map: SparseMap | undefined, stored: number): void {
  const type = TYPE_FLAGS[member.header.flag];
  const hasData = type === 'file' || type === undefined;
  if (map !== undefined) checkMap(map, stored);
  const left = hasData || member.header.flag === 'S' ? stored : 0;
  const parts = map?.parts ?? [{ offset: 0, length: left }];
  if (type !== undefined) machine.handler.onEntry(entryFrom(member, type, map?.size ?? left, map?.parts));
  const data: Data = { left, padding: (BLOCK - (left % BLOCK)) % BLOCK, parts, part: 0, done: 0 };
  machine.state = { at: 'data', data };
  if (type === undefined)
    machine.state = { at: 'data', data: { ...data, left: 0, padding: left + data.padding } };
  finishIfDone(machine, machine.state.data, type !== undefined);
}

function takeData(machine: Machine, data: Data, bytes: Buffer, at: number): number {
  const available = bytes.length - at;
  if (available === 0) return 0;
  if (data.left === 0) {
    const skipped = Math.min(available, data.padding);
    data.padding -= skipped;
    if (data.padding === 0) machine.state = { at: 'header' };
    return skipped;
  }
  const length = Math.min(available, data.left);
  emit(machine, data, bytes.subarray(at, at + length));
  data.left -= length;
  finishIfDone(machine, data, true);
  return length;
}

function finishIfDone(machine: Machine, data: Data, isMember: boolean): void {
  if (data.left > 0) return;
  if (isMember) machine.handler.onEntryEnd();
  if (data.padding === 0) machine.state = { at: 'header' };
}

function emit(machine: Machine, data: Data, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const part = data.parts[data.part] as SparsePart;
    const length = Math.min(bytes.length - at, part.length - data.done);
    if (length > 0) machine.handler.onData(bytes.subarray(at, at + length), part.offset + data.done);
    at += length;
    data.done += length;
    if (data.done < part.length) continue;
    data.part += 1;
    data.done = 0;
  }
}

const XATTR_KEY = 'SCHILY.xattr.';

function entryFrom(
  { header, records }: Member,
  type: TarEntry['type'],
  size: number,
  sparse: readonly SparsePart[] | undefined,
): TarEntry {
  const { block } = header;
  const number = (key: string, at: number): number => {
    const text = lastOf(records, key)?.toString('latin1');
    return text === undefined ? readNumber(block, at, 8, key) : decimal(text, key);
  };
  const name = lastOf(records, 'GNU.sparse.name') ?? lastOf(records, 'path') ?? ustarName(block);
  const time = lastOf(records, 'mtime')?.toString('latin1');
  const mtime = time === undefined ? { sec: readNumber(block, 136, 12, 'mtime'), nsec: 0 } : readTime(time);
  const isDevice = type === 'char' || type === 'block';
  const path = decodeName(name);
  return {
    path,
    type: type === 'file' && path.endsWith('/') ? 'directory' : type,
    mode: readCount(block, 100, 8, 'mode') & 0o7777,
    uid: number('uid', 108),
    gid: number('gid', 116),
    size: type === 'file' ? size : 0,
    mtimeSec: mtime.sec,
    mtimeNsec: mtime.nsec,
    linkname: decodeName(lastOf(records, 'linkpath') ?? untilNul(block.subarray(157, 257))),
    major: isDevice ? readCount(block, 329, 8, 'major') : 0,
    minor: isDevice ? readCount(block, 337, 8, 'minor') : 0,
    xattrs: xattrsOf(records),
    ...(sparse === undefined ? {} : { sparse }),
  };
}

function ustarName(block: Buffer): Buffer {
  const name = untilNul(block.subarray(0, 100));
  if (block.toString('latin1', 257, 263) !== 'ustar\0' || block[345] === 0) return name;
  return Buffer.concat([untilNul(block.subarray(345, 500)), Buffer.from('/'), name]);
}

function xattrsOf(records: readonly PaxRecord[]): ReadonlyMap<string, Buffer> {
  const own = records.filter((record) => record.key.startsWith(XATTR_KEY));
  return own.length === 0 ? NONE : new Map(own.map(({ key, value }) => [key.slice(XATTR_KEY.length), value]));
}
const NONE: ReadonlyMap<string, Buffer> = new Map();

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

const isZero = (block: Buffer): boolean => block[0] === 0 && block.equals(ZERO_BLOCK);
const ZERO_BLOCK = Buffer.alloc(BLOCK);

/** Unsigned by the standard; some old programs summed signed bytes. */
function checkSum(block: Buffer): void {
  const stored = readNumber(block, 148, 8, 'checksum');
  let unsigned = 8 * 0x20;
  let signed = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) {
    if (at >= 148 && at < 156) continue;
    const byte = block[at] as number;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  if (stored !== unsigned && stored !== signed) throw damaged('a header has a wrong checksum');
}
