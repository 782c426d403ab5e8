/** Asks the host's resolvers on behalf of a container. Answers pass unread; nothing is remembered. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Random } from '@orc/model';
import { LIMITS } from '../limits.ts';

export type Forwarder = {
  /** Undefined: nobody answered in time, or too many questions are under way. */
  readonly forward: (
    message: Buffer,
    source: string,
    upstreams: readonly string[],
    tcp: boolean,
  ) => Promise<Buffer | undefined>;
  readonly close: () => void;
};

export function openForwarder(random: Random): Forwarder {
  const perAsker = new Map<string, number>();
  const aborted = new AbortController();
  let total = 0;

  const ask = async (
    message: Buffer,
    upstreams: readonly string[],
    tcp: boolean,
  ): Promise<Buffer | undefined> => {
    const id = Buffer.from(random.bytes(2));
    const question = Buffer.concat([id, message.subarray(2)]);
    for (const server of upstreams.slice(0, LIMITS.dnsUpstreamsMax)) {
      const said = await (tcp ? askTcp : askUdp)(question, server, aborted.signal);
      if (said !== undefined) return Buffer.concat([message.subarray(0, 2), said.subarray(2)]);
    }
    return undefined;
  };

  return {
    forward: async (message, source, upstreams, tcp) => {
      const count = perAsker.get(source) ?? 0;
      if (total >= LIMITS.dnsForwardsMax || count >= LIMITS.dnsForwardsPerAskerMax || message.length < 12)
        return undefined;
      total += 1;
      perAsker.set(source, count + 1);
      try {
        return await ask(message, upstreams, tcp);
      } finally {
        total -= 1;
        const left = (perAsker.get(source) ?? 1) - 1;
        if (left === 0) perAsker.delete(source);
        else perAsker.set(source, left);
      }
    },
    close: () => aborted.abort(),
  };
}

/** A connected socket of its own, with its own port and a fresh id, takes answers from that server only. */
function askUdp(question: Buffer, server: string, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    const end = once((said: Buffer | undefined) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(said);
    });
    const abort = (): void => end(undefined);
    const timer = setTimeout(abort, LIMITS.dnsForwardTimeoutMs);
    signal.addEventListener('abort', abort);
    socket.on('error', abort);
    socket.on('message', (said) => {
      if (said.length >= 12 && said.subarray(0, 2).equals(question.subarray(0, 2))) end(said);
    });
    socket.once('connect', () => socket.send(question, () => undefined));
    socket.connect(53, server);
  });
}

function askTcp(question: Buffer, server: string, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port: 53, signal });
    let got = Buffer.alloc(0);
    const end = once((said: Buffer | undefined) => {
      socket.destroy();
      resolve(said);
    });
    socket.setTimeout(LIMITS.dnsForwardTimeoutMs, () => end(undefined));
    socket.on('error', () => end(undefined)).on('close', () => end(undefined));
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0))
        end(got.subarray(2, 2 + got.readUInt16BE(0)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
  });
}

function once<T>(call: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (done) return;
    done = true;
    call(value);
  };
}
