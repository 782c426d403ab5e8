/** Reads a container's log as docs/logs.md tells, lines put together, for tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Line = { readonly stream: number; readonly text: string; readonly ns: bigint };

const HEAD = 16;
const MAGIC = 0x6f;

export const readLog = (path: string): readonly Line[] => linesOf(readFileSync(path));

/** Of several files, the newest first: lines go on from one into the next. */
export const readLogs = (folder: string, names: readonly string[]): readonly Line[] =>
  linesOf(Buffer.concat(names.toReversed().map((name) => readFileSync(join(folder, name)))));

function linesOf(data: Buffer): readonly Line[] {
  const lines: Line[] = [];
  const open = new Map<number, string>();
  for (let at = 0; at + HEAD <= data.length; ) {
    const length = data.readUInt32LE(at);
    const head = data.subarray(at, at + HEAD);
    const check = head.reduce((sum, byte) => sum ^ byte, 0);
    if (head[4] !== MAGIC || check !== 0) throw new Error(`no record at ${at}`);
    const stream = head[5] as number;
    const text = (open.get(stream) ?? '') + data.toString('utf8', at + HEAD, at + HEAD + length);
    if ((head[6] as number) & 1) open.set(stream, text);
    else {
      open.delete(stream);
      lines.push({ stream, text, ns: data.readBigUInt64LE(at + 8) });
    }
    at += HEAD + length;
  }
  for (const [stream, text] of open) lines.push({ stream, text, ns: 0n });
  return lines;
}
