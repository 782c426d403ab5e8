/** The name server on each bridge's gateway address, UDP and TCP. What it answers is decided in plan/names.ts. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import type { ContainerId, Emit, Random } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { answer, type Asker, type NameTable } from '../plan/names.ts';
import { cut, failure, rcodes, reply, sizeLimit } from '../plan/reply.ts';
import { openForwarder, type Forwarder } from './forward.ts';

export type DnsOptions = {
  readonly random: Random;
  readonly emit: Emit;
  readonly table: () => NameTable;
  readonly asker: (source: string) => Asker | undefined;
  /** Resolvers that other names of this asker go to, in order. */
  readonly upstreams: (container: ContainerId | undefined) => readonly string[];
};
export type Dns = {
  /** The one port on all addresses; it changes when it turns out to be taken. */
  readonly port: () => number;
  /** Listens on exactly these addresses. */
  readonly listen: (addresses: readonly string[]) => Promise<void>;
  readonly close: () => void;
};

type Listener = { readonly udp: UdpSocket; readonly tcp: Server };

export function openDns(options: DnsOptions): Dns {
  const forwarder = openForwarder(options.random);
  const handle = guarded(openHandle(options, forwarder), options.emit);
  const listeners = openListeners(handle, options.emit);
  let port: number = LIMITS.dnsPort;
  let listening: Promise<void> = Promise.resolve();

  const listen = async (addresses: readonly string[]): Promise<void> => {
    listeners.retain(addresses);
    for (let tries = 0; !(await listeners.open(addresses, port)); tries += 1) {
      if (tries === LIMITS.dnsPortTriesMax) {
        options.emit('error', 'some containers get no names: no port for the name server', {
          addresses,
          port,
        });
        return;
      }
      listeners.retain([]);
      port = LIMITS.dnsPort + ((port - LIMITS.dnsPort + 1) % LIMITS.dnsPortTriesMax);
    }
  };

  return {
    port: () => port,
    // One at a time: two that open the same address would find it taken by each other.
    listen: (addresses) => {
      listening = listening.then(() => listen(addresses));
      return listening;
    },
    close: () => {
      listeners.close();
      forwarder.close();
    },
  };
}

type Listeners = {
  /** False: the port is taken on one of them. An address that is gone again stops no other one. */
  readonly open: (addresses: readonly string[], port: number) => Promise<boolean>;
  /** Closes those on other addresses. */
  readonly retain: (addresses: readonly string[]) => void;
  /** For good, also for what is being opened. */
  readonly close: () => void;
};

function openListeners(handle: Handle, emit: Emit): Listeners {
  const listeners = new Map<string, Listener>();
  const connections = new Set<Socket>();
  let closed = false;

  const openOne = async (address: string, port: number): Promise<void> => {
    const udp = await openUdp(address, port, handle);
    try {
      listeners.set(address, { udp, tcp: await openTcp(address, port, handle, connections) });
    } catch (error) {
      udp.close();
      throw error;
    }
    if (closed) close(address);
  };
  const close = (address: string): void => {
    const listener = listeners.get(address);
    listeners.delete(address);
    listener?.udp.close();
    listener?.tcp.close();
  };
  const retain = (addresses: readonly string[]): void => {
    for (const address of listeners.keys()) if (!addresses.includes(address)) close(address);
  };

  return {
    open: async (addresses, port) => {
      for (const address of addresses) {
        if (closed || listeners.has(address)) continue;
        try {
          await openOne(address, port);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
          emit('warn', 'a network has no name server', { address, error: String(error) });
        }
      }
      return true;
    },
    retain,
    close: () => {
      closed = true;
      retain([]);
      for (const socket of connections) socket.destroy();
    },
  };
}

/** Undefined: not answered at all. */
function openHandle(options: DnsOptions, forwarder: Forwarder): Handle {
  let turn = 0;
  return async (message, source, tcp) => {
    const asker = options.asker(source);
    const query = decoded(message);
    if (asker === undefined || query === undefined || query.type !== 'query') return undefined;
    const question = query.questions?.[0];
    if (query.questions?.length !== 1 || question === undefined)
      return encode(failure(query, rcodes.formatError));
    turn = (turn + 1) % 0x10000;
    const said = answer(options.table(), asker, question, turn);
    if (said.kind !== 'forward') return cut(reply(query, said), tcp ? 0xffff : sizeLimit(query));
    const got = await forwarder.forward(message, source, options.upstreams(asker.container), tcp);
    return got ?? encode(failure(query, rcodes.serverFailure));
  };
}

type Handle = (message: Buffer, source: string, tcp: boolean) => Promise<Buffer | undefined>;

/** Questions come from containers: one that the library trips over may not end the daemon. */
const guarded =
  (handle: Handle, emit: Emit): Handle =>
  async (message, source, tcp) => {
    try {
      return await handle(message, source, tcp);
    } catch (error) {
      emit('debug', 'a question for a name could not be answered', { source, error: String(error) });
      return undefined;
    }
  };

function decoded(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

function openUdp(address: string, port: number, handle: Handle): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.on('message', (message, from) => {
      if (message.length > LIMITS.dnsMessageMax) return;
      void handle(message, from.address, false).then((said) => {
        if (said !== undefined) sendQuietly(socket, said, from.port, from.address);
      });
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket
        .removeAllListeners('error')
        .on('error', () => undefined)
        .unref();
      resolve(socket);
    });
  });
}

/** The listener may be closed while an answer was fetched. */
function sendQuietly(socket: UdpSocket, said: Buffer, port: number, address: string): void {
  try {
    socket.send(said, port, address, () => undefined);
  } catch {
    // Its asker asks again.
  }
}

function openTcp(address: string, port: number, handle: Handle, connections: Set<Socket>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => serve(socket, handle, connections));
    server.maxConnections = LIMITS.dnsTcpConnectionsMax;
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server
        .removeAllListeners('error')
        .on('error', () => undefined)
        .unref();
      resolve(server);
    });
  });
}

/** Messages with a length of two bytes before each (RFC 1035, 4.2.2), answered one after the other; no more is read meanwhile. */
function serve(socket: Socket, handle: Handle, connections: Set<Socket>): void {
  connections.add(socket);
  socket.on('close', () => connections.delete(socket)).on('error', () => socket.destroy());
  socket.setTimeout(LIMITS.dnsTcpIdleMs, () => socket.destroy());
  const source = socket.remoteAddress ?? '';
  let pending = Buffer.alloc(0);
  const answerAll = async (): Promise<void> => {
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const message = Buffer.from(pending.subarray(2, end));
      pending = pending.subarray(end);
      write(socket, await handle(message, source, true));
    }
    if (pending.length > LIMITS.dnsMessageMax) socket.destroy();
    socket.resume();
  };
  socket.on('data', (chunk: Buffer) => {
    socket.pause();
    pending = Buffer.concat([pending, chunk]);
    void answerAll();
  });
}

function write(socket: Socket, said: Buffer | undefined): void {
  if (said === undefined || socket.destroyed) {
    socket.destroy();
    return;
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(said.length);
  socket.write(Buffer.concat([length, said]));
}
