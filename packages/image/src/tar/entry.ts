/** One member of a tar archive, after pax and GNU extensions. */
export type TarType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export type SparsePart = { readonly offset: number; readonly length: number };

export type TarEntry = {
  /** As in the archive (names.ts of `layer` makes it safe); see bytes.ts for bytes that are not UTF-8. */
  readonly path: string;
  readonly type: TarType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the file, holes included. */
  readonly size: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** Target of a hard or symbolic link, else ''. */
  readonly linkname: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Where the data lies in the file; absent: all of it, from 0. */
  readonly sparse?: readonly SparsePart[];
};

export const BLOCK = 512;
/** Type flags of POSIX.1-2001 and GNU tar that are members. */
export const TYPE_FLAGS: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};
