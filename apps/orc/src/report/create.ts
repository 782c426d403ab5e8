/** Chooses and makes the reporter. Progress goes to standard error: standard output is for results. */
import type { Io } from '../cli/io.ts';
import { createLines } from './lines.ts';
import type { ProgressMode, Reporter } from './reporter.ts';

export async function createReporter(io: Io, mode: ProgressMode, ansi: string): Promise<Reporter> {
  const write = (text: string): void => void io.stderr.write(text);
  const chosen = mode === 'auto' ? automatic(io, ansi) : mode;
  if (chosen === 'tty') {
    const { createBlock } = await import('./block.ts');
    return createBlock(io.stderr, () => performance.now());
  }
  return createLines(write, chosen);
}

const automatic = (io: Io, ansi: string): ProgressMode =>
  io.stderr.isTTY === true && io.env['TERM'] !== 'dumb' && ansi !== 'never' ? 'tty' : 'plain';
