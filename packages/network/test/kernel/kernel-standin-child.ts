/** Executes one line of operations at a time, on its only thread; see kernel-standin.ts. */
import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import koffi from 'koffi';

type Op = {
  readonly op: string;
  readonly path?: string;
  readonly namespace?: string;
  readonly messages?: string;
  readonly namespaceFds?: readonly { readonly offset: number; readonly path: string }[];
  readonly tolerate?: readonly number[];
  readonly key?: string;
  readonly value?: string;
};

const libc = koffi.load('libc.so.6');
const unshare = libc.func('int unshare(int flags)');
const setns = libc.func('int setns(int fd, int type)');
const mount = libc.func('int mount(str source, str target, str type, ulong flags, void *data)');
const umount2 = libc.func('int umount2(str target, int flags)');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const send = libc.func('long send(int fd, const void *data, long length, int flags)');
const recv = libc.func('long recv(int fd, _Out_ uint8_t *data, long length, int flags)');

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 4096;
const home = openSync('/proc/thread-self/ns/net', 'r');
/** RTM_SETLINK of index 1, up. */
const LOOPBACK_UP = '2000000013000500010000000000000000000000010000000100000001000000';

function check(result: number, what: string): void {
  if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
}

function inside(path: string | undefined, act: () => void): void {
  if (path === undefined) return act();
  const fd = openSync(path, 'r');
  try {
    check(setns(fd, CLONE_NEWNET), `setns ${path}`);
    act();
  } finally {
    closeSync(fd);
    check(setns(home, CLONE_NEWNET), 'setns home');
  }
}

function makeNamespace(path: string): void {
  writeFileSync(path, '', { flag: 'wx', mode: 0o444 });
  try {
    check(unshare(CLONE_NEWNET), 'unshare');
    check(mount('/proc/thread-self/ns/net', path, null, MS_BIND, null), `mount ${path}`);
    talk(Buffer.from(LOOPBACK_UP, 'hex'), []);
  } finally {
    check(setns(home, CLONE_NEWNET), 'setns home');
  }
}

function removeNamespace(path: string): void {
  if (!existsSync(path)) return;
  umount2(path, 2);
  unlinkSync(path);
}

function netlink(op: Op): void {
  const bytes = Buffer.from(op.messages ?? '', 'base64');
  const fds = (op.namespaceFds ?? []).map((each) => ({ fd: openSync(each.path, 'r'), offset: each.offset }));
  try {
    for (const each of fds) bytes.writeUInt32LE(each.fd, each.offset);
    inside(op.namespace, () => talk(bytes, op.tolerate ?? []));
  } finally {
    for (const each of fds) closeSync(each.fd);
  }
}

function talk(bytes: Buffer, tolerate: readonly number[]): void {
  const fd = socket(16, 3 | 0o2000000, 0);
  check(fd, 'socket');
  try {
    let wanted = 0;
    for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) wanted += 1;
    check(send(fd, bytes, bytes.length, 0), 'send');
    while (wanted > 0) wanted -= acknowledged(fd, tolerate);
  } finally {
    closeSync(fd);
  }
}

function acknowledged(fd: number, tolerate: readonly number[]): number {
  const buffer = Buffer.alloc(32768);
  const length = recv(fd, buffer, buffer.length, 0);
  check(length, 'recv');
  let count = 0;
  for (let at = 0; at < length; at += (buffer.readUInt32LE(at) + 3) & ~3) {
    const errno = -buffer.readInt32LE(at + 16);
    if (buffer.readUInt16LE(at + 4) !== 2) throw new Error('not an ACK');
    if (errno !== 0 && !tolerate.includes(errno)) {
      throw new Error(`message ${buffer.readUInt32LE(at + 8)}: errno ${errno}`);
    }
    count += 1;
  }
  return count;
}

function sysctl(op: Op): void {
  inside(op.namespace, () => {
    try {
      writeFileSync(`/proc/sys/${op.key}`, op.value ?? '');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).errno ?? 0;
      if (!(op.tolerate ?? []).includes(-code)) throw error;
    }
  });
}

const ACTS: Readonly<Record<string, (op: Op) => void>> = {
  netns: (op) => makeNamespace(op.path ?? ''),
  'netns-remove': (op) => removeNamespace(op.path ?? ''),
  netlink,
  sysctl,
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const ops = JSON.parse(line) as readonly Op[];
  let said = 'ok';
  ops.every((op, index) => {
    try {
      ACTS[op.op]?.(op);
    } catch (error) {
      said = `operation ${index} (${op.op} ${op.key ?? op.path ?? op.namespace ?? ''}): ${(error as Error).message}`;
    }
    return said === 'ok';
  });
  process.stdout.write(`${said}\n`);
});
