/** Progress of a build in the manner of BuildKit's plain output, a step at a time. */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@orc/model';
import type { OnProgress } from '../../types.ts';
import { OUTPUT_LINE_CHARS_KEPT, OUTPUT_LINE_CHARS_MAX, OUTPUT_LINES_KEPT } from '../limits.ts';

export type StepProgress = {
  /** Bytes of the step's output; whole lines are passed on. */
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void | Promise<void>;
  readonly note: (line: string) => void;
  readonly cached: () => void;
  readonly done: () => void;
  readonly failed: () => void;
  /** The last lines of output, without newlines. */
  readonly lastLines: () => readonly string[];
};

/** `id` such as `[build 2/5] RUN make`. */
export function startStep(onProgress: OnProgress, clock: Clock, id: string): StepProgress {
  const started = clock.monotonic();
  const kept: string[] = [];
  const output = (line: string): void | Promise<void> => {
    kept.push(line.replace(/\r?\n$/, '').slice(0, OUTPUT_LINE_CHARS_KEPT));
    if (kept.length > OUTPUT_LINES_KEPT) kept.shift();
    return onProgress({ id, status: '', output: line });
  };
  const lines = { stdout: newLines(output), stderr: newLines(output) };
  const end = (status: string): void => {
    void lines.stdout.flush();
    void lines.stderr.flush();
    void onProgress({ id, status });
  };
  void onProgress({ id, status: 'START' });
  return {
    onOutput: (stream, data) => lines[stream].push(data),
    note: (line) => void onProgress({ id, status: '', output: `${line}\n` }),
    cached: () => end('CACHED'),
    done: () => end(`DONE ${((clock.monotonic() - started) / 1000).toFixed(1)}s`),
    failed: () => end('ERROR'),
    lastLines: () => kept,
  };
}

type Lines = {
  readonly push: (data: Uint8Array) => void | Promise<void>;
  readonly flush: () => void | Promise<void>;
};

/** A line without an end is passed on when it grows too long, and at the end. */
function newLines(emit: (line: string) => void | Promise<void>): Lines {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const push = (data: Uint8Array): void | Promise<void> => {
    const lines = (rest + decoder.write(data)).split('\n');
    rest = lines.pop() as string;
    let room: void | Promise<void> = undefined;
    for (const line of lines) room = emit(`${line}\n`);
    return rest.length > OUTPUT_LINE_CHARS_MAX ? flush() : room;
  };
  const flush = (): void | Promise<void> => {
    const room = rest === '' ? undefined : emit(`${rest}\n`);
    rest = '';
    return room;
  };
  return { push, flush };
}
