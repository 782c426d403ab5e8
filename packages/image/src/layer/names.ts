/** Names in archives, made safe before anything opens them. Pure. */
import { fail, type OrcError } from '@orc/model';
import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../limits.ts';
import { encodeName } from '../tar/bytes.ts';

/** The parts of a name, cleaned; [] is the folder itself. Throws `image.invalid` for what leaves the folder. */
export function partsOf(path: string): readonly string[] {
  if (path === '' || path.includes('\0')) throw refused(path, 'it is not a file name');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw refused(path, 'it leads out of the archive');
  }
  checkLengths(path, parts);
  return parts;
}

/** Where a link points to, as parts below the root; like the kernel in a chroot, `..` stops at the root. */
export function targetOf(folder: readonly string[], target: string): readonly string[] {
  const parts = target.startsWith('/') ? [] : [...folder];
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  checkLengths(target, parts);
  return parts;
}

export const refused = (path: string, why: string): OrcError =>
  fail('image.invalid', `archive member ${JSON.stringify(path.slice(0, 200))} is refused: ${why}`);

function checkLengths(path: string, parts: readonly string[]): void {
  if (parts.length > PATH_DEPTH_MAX) throw refused(path, `it is more than ${PATH_DEPTH_MAX} folders deep`);
  if (path.length > PATH_BYTES_MAX || encodeName(path).length > PATH_BYTES_MAX)
    throw refused(path, 'it is too long');
  const long = parts.find(
    (part) => part.length * 3 > NAME_BYTES_MAX && encodeName(part).length > NAME_BYTES_MAX,
  );
  if (long !== undefined) throw refused(path, `a part of it has more than ${NAME_BYTES_MAX} bytes`);
}
