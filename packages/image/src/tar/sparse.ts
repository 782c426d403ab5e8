/** Maps of GNU's sparse formats: the old header, and pax 0.0, 0.1 and 1.0. */
import { TAR_SPARSE_PARTS_MAX } from '../limits.ts';
import { BLOCK, type SparsePart } from './entry.ts';
import { damaged, decimal, readCount } from './numbers.ts';
import { lastOf, type PaxRecord } from './pax.ts';

const OLD_MAP_AT = 386;
const OLD_MAP_PARTS = 4;
const EXTENSION_PARTS = 21;
const PART_BYTES = 24;

export type SparseMap = { readonly size: number; readonly parts: readonly SparsePart[] };

/** The header's own part of an old map; `more`: extension blocks follow. */
export function oldHeaderMap(block: Buffer): { readonly map: SparseMap; readonly more: boolean } {
  const size = readCount(block, 483, 12, 'size of a sparse file');
  return { map: { size, parts: partsIn(block, OLD_MAP_AT, OLD_MAP_PARTS) }, more: block[482] !== 0 };
}

export function extensionMap(block: Buffer): {
  readonly parts: readonly SparsePart[];
  readonly more: boolean;
} {
  return { parts: partsIn(block, 0, EXTENSION_PARTS), more: block[504] !== 0 };
}

/** Of pax 0.0 and 0.1; `undefined`: the member is not sparse in these ways. */
export function paxMap(records: readonly PaxRecord[]): SparseMap | undefined {
  const size = lastOf(records, 'GNU.sparse.size')?.toString('latin1');
  if (size === undefined) return undefined;
  const joined = lastOf(records, 'GNU.sparse.map')?.toString('latin1');
  const repeated = records.filter((each) => /^GNU\.sparse\.(offset|numbytes)$/.test(each.key));
  const numbers =
    joined === undefined ? repeated.map((each) => each.value.toString('latin1')) : joined.split(',');
  return { size: decimal(size, 'GNU.sparse.size'), parts: pairs(numbers.filter((each) => each !== '')) };
}

/** Pax 1.0 keeps its map in front of the data. `undefined`: not that version. */
export function paxRealSize(records: readonly PaxRecord[]): number | undefined {
  const version = `${lastOf(records, 'GNU.sparse.major')}.${lastOf(records, 'GNU.sparse.minor')}`;
  const size = lastOf(records, 'GNU.sparse.realsize')?.toString('latin1');
  if (version === 'undefined.undefined' || size === undefined) return undefined;
  if (version !== '1.0') throw damaged(`sparse format ${version} is unknown`);
  return decimal(size, 'GNU.sparse.realsize');
}

/** Reads the map that begins `data`; `undefined`: more bytes are needed. `length` is a multiple of 512. */
export function leadingMap(
  data: Buffer,
): { readonly parts: readonly SparsePart[]; readonly length: number } | undefined {
  const numbers: string[] = [];
  let at = 0;
  let wanted = 1;
  while (numbers.length < wanted) {
    const end = data.indexOf(0x0a, at);
    if (end === -1) return undefined;
    numbers.push(data.toString('latin1', at, end));
    if (numbers.length === 1)
      wanted = 1 + 2 * checkCount(decimal(numbers[0] as string, 'length of a sparse map'));
    at = end + 1;
  }
  const length = Math.ceil(at / BLOCK) * BLOCK;
  return data.length < length ? undefined : { parts: pairs(numbers.slice(1)), length };
}

/** In order, inside the file, as many bytes as the archive holds; throws otherwise. */
export function checkMap(map: SparseMap, stored: number): void {
  checkCount(map.parts.length);
  let end = 0;
  let total = 0;
  for (const part of map.parts) {
    if (part.offset < end) throw damaged('parts of a sparse file overlap');
    end = part.offset + part.length;
    total += part.length;
    if (!Number.isSafeInteger(end) || end > map.size)
      throw damaged('a part of a sparse file lies beyond its end');
  }
  if (total !== stored) throw damaged(`a sparse file has ${stored} bytes instead of ${total}`);
}

function checkCount(count: number): number {
  if (count > TAR_SPARSE_PARTS_MAX)
    throw damaged(`a sparse file has more than ${TAR_SPARSE_PARTS_MAX} parts`);
  return count;
}

function partsIn(block: Buffer, at: number, count: number): readonly SparsePart[] {
  const parts: SparsePart[] = [];
  for (let row = 0; row < count; row += 1) {
    const from = at + row * PART_BYTES;
    if (block[from] === 0) break;
    const offset = readCount(block, from, 12, 'offset of a sparse part');
    parts.push({ offset, length: readCount(block, from + 12, 12, 'length of a sparse part') });
  }
  return parts;
}

function pairs(numbers: readonly string[]): readonly SparsePart[] {
  checkCount(numbers.length / 2);
  if (numbers.length % 2 !== 0) throw damaged('a sparse map has an odd number of numbers');
  return Array.from({ length: numbers.length / 2 }, (_, row) => ({
    offset: decimal(numbers[2 * row] as string, 'offset of a sparse part'),
    length: decimal(numbers[2 * row + 1] as string, 'length of a sparse part'),
  }));
}
