/** What is in the busybox image beside the program: folders, files and links, as data. */
import type { ImageConfig } from '@orc/model';

export type TreeFile = { readonly path: string; readonly mode: number; readonly text: string };
export type TreeFolder = { readonly path: string; readonly mode: number };

export const BUSYBOX_FOLDERS: readonly TreeFolder[] = [
  { path: 'bin', mode: 0o755 },
  { path: 'dev', mode: 0o755 },
  { path: 'etc', mode: 0o755 },
  { path: 'home', mode: 0o755 },
  { path: 'root', mode: 0o700 },
  { path: 'tmp', mode: 0o1777 },
  { path: 'usr', mode: 0o755 },
  { path: 'usr/bin', mode: 0o755 },
  { path: 'usr/sbin', mode: 0o755 },
  { path: 'var', mode: 0o755 },
  { path: 'var/spool', mode: 0o755 },
  { path: 'var/spool/mail', mode: 0o755 },
  { path: 'var/www', mode: 0o755 },
];

export const BUSYBOX_FILES: readonly TreeFile[] = [
  {
    path: 'etc/passwd',
    mode: 0o644,
    text: `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`,
  },
  {
    path: 'etc/group',
    mode: 0o644,
    text: `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
wheel:x:10:root
audio:x:29:
www-data:x:33:
utmp:x:43:
users:x:100:
nobody:x:65534:
`,
  },
  { path: 'etc/shadow', mode: 0o640, text: 'root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n' },
  { path: 'etc/nsswitch.conf', mode: 0o644, text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
];

export const BUSYBOX_CONFIG: ImageConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['sh'],
};

/** Names out of `busybox --list`, each a link in /bin; never a path. */
export const appletsOf = (listing: string): readonly string[] =>
  listing.split('\n').filter((name) => /^[a-z0-9[][a-z0-9_.[-]*$/i.test(name) && name !== 'busybox');
