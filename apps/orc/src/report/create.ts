/** Chooses and makes the reporter. Progress goes to standard error: standard output is for results. */
import type { Globals } from '../cli/context.ts';
import type { Io, Output } from '../cli/io.ts';
import { createLines } from './lines.ts';
import type { ProgressMode, Reporter } from './reporter.ts';

type Wanted = Pick<Globals, 'progress' | 'ansi' | 'statusOnStdout'>;

export async function createReporter(io: Io, wanted: Wanted): Promise<Reporter> {
  const out = wanted.statusOnStdout ? io.stdout : io.stderr;
  const write = (text: string): void => void out.write(text);
  const chosen = wanted.progress === 'auto' ? automatic(io, out, wanted.ansi) : wanted.progress;
  if (chosen === 'tty') {
    const { createBlock } = await import('./block.ts');
    return createBlock(out, () => performance.now());
  }
  return createLines(write, chosen);
}

const automatic = (io: Io, out: Output, ansi: string): ProgressMode =>
  out.isTTY === true && io.env['TERM'] !== 'dumb' && ansi !== 'never' ? 'tty' : 'plain';
