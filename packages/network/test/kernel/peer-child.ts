/** A program in some network namespace that serves and asks, one JSON command per line; see peer.ts. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decode, encode, type Packet } from 'dns-packet';

type Command = {
  readonly id: number;
  readonly act: string;
  readonly host?: string;
  readonly port: number;
  readonly say?: string;
  readonly from?: number;
  readonly name?: string;
  readonly type?: 'A' | 'AAAA' | 'PTR';
  readonly waitMs?: number;
};

/** As long as a busy machine takes. */
const WAIT_MS = 15_000;
const held = new Map<string, Socket>();
const open: { close(): unknown }[] = [];

const serveTcp = (command: Command): Promise<string> =>
  new Promise((resolve) => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(`${command.say} ${socket.remoteAddress}\n`);
      socket.pipe(socket);
    });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    server.listen({ port: command.port, host: command.host ?? '0.0.0.0' }, () => {
      open.push(server);
      resolve('ok');
    });
  });

const askTcp = (command: Command, keep: boolean): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: command.host ?? '', port: command.port });
    const timer = setTimeout(() => end('timeout'), command.waitMs ?? WAIT_MS);
    const end = (said: string): void => {
      clearTimeout(timer);
      if (!keep || said === 'timeout') socket.destroy();
      resolve(said);
    };
    socket.once('data', (data) => end(data.toString().trim()));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
    socket.once('close', () => end('closed'));
    if (keep) held.set(command.say ?? '', socket);
  });

const sendHeld = (command: Command): Promise<string> =>
  new Promise((resolve) => {
    const socket = held.get(command.say ?? '');
    const timer = setTimeout(() => resolve('timeout'), WAIT_MS);
    socket?.once('data', (data) => {
      clearTimeout(timer);
      resolve(data.toString().trim());
    });
    socket?.write(`${command.name}\n`);
  });

const serveUdp = (command: Command): Promise<string> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('message', (_message, from) =>
      socket.send(`${command.say} ${from.address}`, from.port, from.address),
    );
    socket.bind({ port: command.port, address: command.host ?? '0.0.0.0' }, () => {
      open.push(socket);
      resolve('ok');
    });
  });

/** A resolver that has one answer for everything. */
const serveDns = (command: Command): Promise<string> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => {
      const asked = decode(message);
      const name = asked.questions?.[0]?.name ?? '';
      const answers = [{ type: 'A' as const, name, data: command.say ?? '', ttl: 1 }];
      const said = encode({ ...asked, type: 'response', answers });
      socket.send(said, from.port, from.address);
    });
    socket.bind({ port: 53 }, () => {
      open.push(socket);
      resolve('ok');
    });
  });

const askUdp = (command: Command, message: Buffer = Buffer.from('?')): Promise<string> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => end('timeout'), command.waitMs ?? WAIT_MS);
    const end = (said: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(said);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
    socket.once('message', (data) => end(data.toString('latin1')));
    socket.bind({ port: command.from ?? 0 }, () =>
      socket.send(message, command.port, command.host, () => undefined),
    );
  });

const query = (command: Command): Buffer =>
  encode({
    type: 'query',
    id: 7,
    flags: 256,
    questions: [{ name: command.name ?? '', type: command.type ?? 'A' }],
  });

async function askDns(command: Command): Promise<string> {
  const said = await askUdp({ ...command, port: 53 }, query(command));
  return said === 'timeout' || /^E[A-Z]+$/.test(said) ? said : summary(decode(Buffer.from(said, 'latin1')));
}

const askDnsTcp = (command: Command): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: command.host ?? '', port: 53 });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    let got = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      got = Buffer.concat([got, data]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      resolve(summary(decode(got.subarray(2))));
      socket.destroy();
    });
    const message = query(command);
    socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]));
  });

const summary = (packet: Packet): string => {
  const rows = (packet.answers ?? []).map((each) => String((each as { data: unknown }).data));
  const truncated = ((packet.flags ?? 0) & 0x200) === 0 ? '' : ' truncated';
  return `${(packet as { rcode?: string }).rcode}${truncated} ${rows.join(' ')}`.trim();
};

const ACTS: Readonly<Record<string, (command: Command) => Promise<string>>> = {
  serveTcp,
  serveUdp,
  serveDns,
  askUdp: (command) => askUdp(command),
  askTcp: (command) => askTcp(command, false),
  holdTcp: (command) => askTcp(command, true),
  sendHeld,
  dns: askDns,
  dnsTcp: askDnsTcp,
  closeAll: async () => {
    for (const each of open.splice(0)) each.close();
    return 'ok';
  },
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line) as Command;
    const act = ACTS[command.act];
    void act?.(command).then((said) => process.stdout.write(`${JSON.stringify({ id: command.id, said })}\n`));
  })
  .on('close', () => process.exit(0));
