/** An attachment that is asked for before its container runs, and comes alive with it. */
import type { Attachment, AttachOptions } from '@orc/runtime';

export type EarlyAttachment = {
  readonly options: AttachOptions;
  readonly attachment: Attachment;
  /** The real one; `undefined`: it will never come. The first call counts. */
  give(attachment: Attachment | undefined): void;
};

export function openEarly(options: AttachOptions): EarlyAttachment {
  const { promise, resolve } = Promise.withResolvers<Attachment | undefined>();
  return {
    options,
    give: resolve,
    attachment: {
      output: {
        async *[Symbol.asyncIterator]() {
          const real = await promise;
          if (real !== undefined) yield* real.output;
        },
      },
      write: async (data) => (await promise)?.write(data),
      closeStdin: () => void promise.then((real) => real?.closeStdin()),
      close: () => {
        resolve(undefined);
        void promise.then((real) => real?.close());
      },
    },
  };
}
