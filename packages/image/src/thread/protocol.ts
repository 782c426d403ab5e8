/** What the daemon and its threads for heavy file work say to each other. */
import type { Problem } from '@orc/model';
import type { JobName, Jobs } from './jobs.ts';

export type Order =
  | {
      readonly kind: 'start';
      readonly id: number;
      readonly job: JobName;
      readonly args: Jobs[JobName]['args'];
      /** One number, 0 until the caller has given up: a job at work sees it without reading a message. */
      readonly canceled: Int32Array;
    }
  | { readonly kind: 'chunk'; readonly id: number; readonly data: Uint8Array }
  /** Of the input; `whole` false: its source failed, or the caller has given up. */
  | { readonly kind: 'end'; readonly id: number; readonly whole: boolean }
  /** Nothing more comes: the thread ends when its jobs have. */
  | { readonly kind: 'quit'; readonly id: 0 };

export type Failure = {
  /** Of an `OrcError`; else what an error of the system says. */
  readonly problem?: Problem;
  readonly message: string;
  readonly code?: string;
  readonly path?: string;
  readonly stack?: string;
};

export type Report =
  /** Input that the job has taken: as much may follow. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'value'; readonly id: number; readonly value: Jobs[JobName]['value'] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };
