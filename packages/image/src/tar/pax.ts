/** Pax extended headers (POSIX.1-2001): records `length key=value\n`, values may be any bytes. */
import { damaged, decimal } from './numbers.ts';

export type PaxRecords = ReadonlyMap<string, Buffer>;
/** GNU.sparse 0.0 repeats its keys, so order counts. */
export type PaxRecord = { readonly key: string; readonly value: Buffer };

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

export function parsePax(data: Buffer): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(SPACE, at);
    if (space === -1 || space - at > 10) throw damaged('a pax record has no length');
    const length = decimal(data.toString('latin1', at, space), 'length of a pax record');
    const end = at + length;
    if (end > data.length || end <= space + 1 || data[end - 1] !== NEWLINE)
      throw damaged('a pax record is cut off');
    const equals = data.indexOf(EQUALS, space);
    if (equals === -1 || equals >= end) throw damaged('a pax record has no value');
    records.push({
      key: data.toString('utf8', space + 1, equals),
      value: data.subarray(equals + 1, end - 1),
    });
    at = end;
  }
  return records;
}

export const lastOf = (records: readonly PaxRecord[], key: string): Buffer | undefined =>
  records.findLast((record) => record.key === key)?.value;
