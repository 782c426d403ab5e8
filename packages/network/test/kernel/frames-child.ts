/** Raw frames of a namespace's `eth0` (packet(7)), for guard.test.ts; speaks as peer-child.ts does. */
import { createInterface } from 'node:readline';
import koffi from 'koffi';

type Command = { readonly id: number; readonly act: string; readonly say?: string; readonly link?: string };

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
);
const indexOf = libc.func('uint32_t if_nametoindex(str name)');
const send = libc.func('long send(int fd, const void *data, long length, int flags)');
const recv = libc.func('long recv(int fd, _Out_ uint8_t *data, long length, int flags)');

const [AF_PACKET, SOCK_RAW, ALL, SOL_SOCKET, SO_RCVTIMEO] = [17, 3, 0x0300, 1, 20];
const FRAME_MAX = 2048;
const open = new Map<string, number>();

function socketOf(link: string): number {
  const known = open.get(link);
  if (known !== undefined) return known;
  const fd = socket(AF_PACKET, SOCK_RAW, ALL) as number;
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16LE(ALL, 2);
  address.writeInt32LE(indexOf(link) as number, 4);
  const second = Buffer.alloc(16);
  second.writeInt32LE(1, 0);
  if (fd < 0 || bind(fd, address, address.length) < 0) throw new Error(`${link}: errno ${koffi.errno()}`);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, second, second.length);
  open.set(link, fd);
  return fd;
}

const ACTS: Readonly<Record<string, (fd: number, say: string) => string>> = {
  listen: () => 'ok',
  send: (fd, say) => {
    const frame = Buffer.from(say, 'hex');
    return send(fd, frame, frame.length, 0) === frame.length ? 'ok' : `errno ${koffi.errno()}`;
  },
  /** What came before the frame that ends like this, and that one; all there is when it does not come. */
  hear: (fd, say) => {
    const heard: string[] = [];
    const buffer = Buffer.alloc(FRAME_MAX);
    while (heard.at(-1)?.endsWith(say) !== true) {
      const length = recv(fd, buffer, buffer.length, 0) as number;
      if (length <= 0) break;
      heard.push(buffer.subarray(0, length).toString('hex'));
    }
    return heard.join(' ');
  },
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, act, say = '', link = 'eth0' } = JSON.parse(line) as Command;
    const said = ACTS[act]?.(socketOf(link), say) ?? 'unknown';
    process.stdout.write(`${JSON.stringify({ id, said })}\n`);
  })
  .on('close', () => process.exit(0));
