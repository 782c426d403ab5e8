/** Where the daemon's own log goes: standard output, whatever becomes of that. */
import { copyFileSync, fstatSync, ftruncateSync, statSync, writeSync } from 'node:fs';
import { LIMITS } from './limits.ts';

const STDOUT = 1;

/**
 * A line that cannot be written is dropped and counted: a full disk, or a reader that went, does not end the daemon.
 * `file`, when it is that which standard output leads to, is copied to `.1` and begun anew when it is large: whoever
 * opened it appends.
 */
export function openLogFile(file: string): { write(line: string): void } {
  let lost = 0;
  let bytes = ownBytes(file);
  const put = (line: string): void => {
    const data = Buffer.from(line);
    for (let at = 0; at < data.length; ) at += writeSync(STDOUT, data, at);
    if (bytes === undefined) return;
    bytes += data.length;
    if (bytes < LIMITS.logBytesMax) return;
    copyFileSync(file, `${file}.1`);
    ftruncateSync(STDOUT);
    bytes = 0;
  };
  return {
    write: (line) => {
      try {
        if (lost > 0)
          put(`${JSON.stringify({ level: 40, time: new Date().toISOString(), lost, msg: LOST })}\n`);
        lost = 0;
        put(line);
      } catch {
        lost += 1;
      }
    },
  };
}

const LOST = 'lines of this log could not be written';

/** Its size when standard output leads to it. */
function ownBytes(file: string): number | undefined {
  try {
    const [own, out] = [statSync(file), fstatSync(STDOUT)];
    return own.ino === out.ino && own.dev === out.dev ? own.size : undefined;
  } catch {
    return undefined;
  }
}
