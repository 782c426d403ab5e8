/** Attachments that are asked for before their container runs, and come alive with it. */
import type { Attachment, AttachOptions, Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';

export type EarlyAttachments = {
  add(options: AttachOptions): Attachment;
  /** For the next attempt: those who come from now on wait for the one after it. */
  take(): EarlyTaken;
};

export type EarlyTaken = {
  /** Of the newest: it sees all from the first byte on. Who came before it may have left unnoticed. */
  readonly options?: AttachOptions;
  /** `undefined`: it will never come. The first call counts. */
  give(running: Pick<Running, 'attachment' | 'attach'> | undefined): void;
};

type Early = {
  readonly options: AttachOptions;
  readonly attachment: Attachment;
  readonly give: (attachment: Attachment | Promise<Attachment> | undefined) => void;
};

export function openEarly(): EarlyAttachments {
  let waiting: Early[] = [];
  return {
    add(options) {
      const early = openOne(options, () => {
        waiting = waiting.filter((each) => each !== early);
      });
      waiting.push(early);
      if (waiting.length > LIMITS.earlyAttachmentsMax) waiting.shift()?.give(undefined);
      return early.attachment;
    },
    take() {
      const taken = waiting;
      waiting = [];
      const newest = taken.at(-1);
      const give: EarlyTaken['give'] = (running) => {
        newest?.give(running?.attachment);
        for (const each of taken.slice(0, -1)) each.give(running?.attach(each.options));
      };
      return newest === undefined ? { give } : { options: newest.options, give };
    },
  };
}

/** `onClose`: it is not wanted any more. */
function openOne(options: AttachOptions, onClose: () => void): Early {
  const { promise: real, resolve } = Promise.withResolvers<Attachment | undefined>();
  let closed = false;
  const come = (attachment: Attachment | undefined): void => {
    if (closed) attachment?.close();
    resolve(attachment);
  };
  return {
    options,
    // The program may have ended before it came: then there is none.
    give: (attachment) => void Promise.resolve(attachment).then(come, () => resolve(undefined)),
    attachment: {
      output: {
        async *[Symbol.asyncIterator]() {
          const attachment = await real;
          if (attachment !== undefined) yield* attachment.output;
        },
      },
      write: async (data) => (await real)?.write(data),
      closeStdin: () => void real.then((attachment) => attachment?.closeStdin()),
      close: () => {
        closed = true;
        resolve(undefined);
        onClose();
        void real.then((attachment) => attachment?.close());
      },
    },
  };
}
