/** Progress of a build in the manner of BuildKit's plain output, a step at a time. */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@orc/model';
import type { OnProgress } from '../../types.ts';
import { OUTPUT_LINE_CHARS_KEPT, OUTPUT_LINE_CHARS_MAX, OUTPUT_LINES_KEPT } from '../limits.ts';

export type StepProgress = {
  /** Bytes of the step's output; whole lines are passed on. */
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void;
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
  const output = (line: string): void => {
    kept.push(line.replace(/\r?\n$/, '').slice(0, OUTPUT_LINE_CHARS_KEPT));
    if (kept.length > OUTPUT_LINES_KEPT) kept.shift();
    onProgress({ id, status: '', output: line });
  };
  const lines = { stdout: newLines(output), stderr: newLines(output) };
  const end = (status: string): void => {
    lines.stdout.flush();
    lines.stderr.flush();
    onProgress({ id, status });
  };
  onProgress({ id, status: 'START' });
  return {
    onOutput: (stream, data) => lines[stream].push(data),
    note: (line) => onProgress({ id, status: '', output: `${line}\n` }),
    cached: () => end('CACHED'),
    done: () => end(`DONE ${((clock.monotonic() - started) / 1000).toFixed(1)}s`),
    failed: () => end('ERROR'),
    lastLines: () => kept,
  };
}

type Lines = { readonly push: (data: Uint8Array) => void; readonly flush: () => void };

/** A line without an end is passed on when it grows too long, and at the end. */
function newLines(emit: (line: string) => void): Lines {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const push = (data: Uint8Array): void => {
    rest += decoder.write(data);
    for (let at = rest.indexOf('\n'); at !== -1; at = rest.indexOf('\n')) {
      emit(rest.slice(0, at + 1));
      rest = rest.slice(at + 1);
    }
    if (rest.length > OUTPUT_LINE_CHARS_MAX) flush();
  };
  const flush = (): void => {
    if (rest !== '') emit(`${rest}\n`);
    rest = '';
  };
  return { push, flush };
}
