/** One connection to a shim or to an exec's handler: requests with answers in order, output, the end. */
import { getSystemErrorName } from 'node:util';
import { fail } from '@orc/model';
import { ANSWER_MS, SHIM_QUESTIONS_MAX } from '../limits.ts';
import type { Attachment } from '../types.ts';
import { outputQueue } from './output.ts';
import {
  type Connection,
  type Ended,
  FRAME,
  type Frame,
  readEnded,
  readFailure,
  readStarted,
  type Started,
  within,
} from './wire.ts';

export type Channel = {
  /** Undefined when the other side went away without a word. */
  readonly ended: Promise<Ended | undefined>;
  /** Throws `conflict.state` when nobody is there any more, `timeout` when nobody answers. */
  request(type: number, arg: number, payload: Uint8Array): Promise<void>;
  /** As `request`. */
  hello(): Promise<Started>;
  readonly attachment: Attachment;
  close(): void;
};

type Waiting = { readonly resolve: (frame: Frame) => void; readonly reject: (error: Error) => void };

/** Takes the connection over. An answer that comes after `answerMs` is nobody's any more. */
export function openChannel(connection: Connection, answerMs: number = ANSWER_MS): Channel {
  const waiting: Waiting[] = [];
  const output = outputQueue(
    () => connection.pause(),
    () => connection.resume(),
  );
  const ended = Promise.withResolvers<Ended | undefined>();
  const gone = (): Error => fail('conflict.state', 'the program does not run any more');
  const onClose = (): void => {
    ended.resolve(undefined);
    output.end();
    for (const each of waiting.splice(0)) each.reject(gone());
  };
  connection.listen((frame) => {
    if (frame.type === FRAME.output) {
      output.push({ stream: frame.arg === 2 ? 'stderr' : 'stdout', data: frame.payload });
    } else if (frame.type === FRAME.outputEnd) output.end();
    else if (frame.type === FRAME.dropped) output.end(lost());
    else if (frame.type === FRAME.exited) ended.resolve(endOf(frame));
    else waiting.shift()?.resolve(frame);
  }, onClose);
  connection.resume();
  const ask = (type: number, arg: number, payload: Uint8Array): Promise<Frame> => {
    if (connection.closed) return Promise.reject(gone());
    if (waiting.length >= SHIM_QUESTIONS_MAX) return Promise.reject(full());
    const answer = new Promise<Frame>((resolve, reject) => waiting.push({ resolve, reject }));
    void connection.send(type, arg, payload);
    return within(answerMs, "the container's shim", answer);
  };
  return {
    ended: ended.promise,
    request: async (type, arg, payload) => checkAnswer(await ask(type, arg, payload)),
    hello: async () => readStarted(await ask(FRAME.hello, 0, Buffer.alloc(0))),
    attachment: {
      output: output.chunks,
      write: (data) => connection.sendChunks(FRAME.stdin, data),
      closeStdin: () => void connection.send(FRAME.stdinClose),
      close: () => {
        connection.close();
        output.end();
      },
    },
    close: () => connection.close(),
  };
}

const lost = (): Error =>
  fail('timeout', 'output was not read for so long that the container went on without this reader', {
    hint: 'what its log keeps of it, orc logs shows',
  });

const full = (): Error =>
  fail('timeout', `the container's shim has ${SHIM_QUESTIONS_MAX} questions to answer`, {
    hint: 'is the process stopped?',
    retry: true,
  });

/** Undefined for what cannot be read: then the shim ended without a word that counts. */
function endOf(frame: Frame): Ended | undefined {
  try {
    return readEnded(frame);
  } catch {
    return undefined;
  }
}

function checkAnswer(frame: Frame): void {
  if (frame.type !== FRAME.failed) return;
  const failure = readFailure(frame);
  const errno = getSystemErrorName(-failure.errno);
  if (errno === 'ESRCH') throw fail('conflict.state', 'the program does not run any more');
  if (errno === 'ENOTTY') {
    throw fail('conflict.state', 'the container has no terminal', { hint: 'start it with a tty' });
  }
  throw fail('internal', `${failure.name}: ${errno}`);
}

export function sizePayload(columns: number, rows: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt16LE(Math.min(columns, 0xffff), 0);
  payload.writeUInt16LE(Math.min(rows, 0xffff), 2);
  return payload;
}

export function numberPayload(number: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(number);
  return payload;
}
