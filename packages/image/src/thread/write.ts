/** All of it or an error that names the file: one write(2) may stop early, as on a disk that fills up. */
import { writeSync } from 'node:fs';
import { atPath } from '@orc/disk';

export function write(fd: number, path: string, data: Uint8Array): void {
  try {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at);
  } catch (error) {
    atPath(path)(error);
  }
}
