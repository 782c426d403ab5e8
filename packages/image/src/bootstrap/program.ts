/** Programs of the host: their output line by line, their end as a problem that quotes the last lines. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { fail } from '@orc/model';
import { BOOTSTRAP_OUTPUT_LINES_KEPT, BOOTSTRAP_TIMEOUT_MS } from '../limits.ts';

export type RunOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
  /** For the message: `debootstrap of bookworm`. */
  readonly what: string;
};

export async function runLogged(
  program: string,
  argv: readonly string[],
  options: RunOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  const child = spawn(program, argv, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): unknown => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill);
  const timer = setTimeout(kill, BOOTSTRAP_TIMEOUT_MS);
  const last: string[] = [];
  const take = (line: string): void => {
    last.push(line);
    if (last.length > BOOTSTRAP_OUTPUT_LINES_KEPT) last.shift();
    options.onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  try {
    const code = await ended(child);
    if (options.signal?.aborted === true) throw fail('canceled', `${options.what} was canceled`);
    if (code !== 0) throw failed(options.what, code, last);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
}

export async function capture(program: string, argv: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, [...argv], { encoding: 'utf8' })).stdout;
}

const ended = (child: ReturnType<typeof spawn>): Promise<number | string> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });

const failed = (what: string, code: number | string, last: readonly string[]): Error =>
  fail('image.pull', `${what} failed (${code}): ${last.slice(-3).join(' / ') || 'it said nothing'}`, {
    hint: 'check that the mirror in /etc/apt/sources.list answers from this host',
    retry: true,
  });
