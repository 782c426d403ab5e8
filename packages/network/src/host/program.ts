/** Runs one of the host's own programs and waits for it. */
import { spawn } from 'node:child_process';
import { fail } from '@orc/model';
import { LIMITS } from '../limits.ts';

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Process ids of what this daemon ran lately, to tell its own changes from those of others. */
const recent = new Set<number>();
const lasting = new Set<number>();
export const ownProgram = (pid: number): boolean => recent.has(pid) || lasting.has(pid);
export const keepProgram = (pid: number): void => void lasting.add(pid);
export const forgetProgram = (pid: number): void => void lasting.delete(pid);

function remember(pid: number | undefined): void {
  if (pid === undefined) return;
  recent.delete(pid);
  recent.add(pid);
  for (const old of recent) {
    if (recent.size <= LIMITS.recentProgramsMax) break;
    recent.delete(old);
  }
}

/**
 * Throws `program.missing`, `timeout`, and `network.failed` where somebody else's signal ended it; any exit code is a
 * result. `package`: what Debian calls its package.
 */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  options: { readonly package: string; readonly input?: string; readonly timeoutMs: number },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: options.timeoutMs });
    remember(child.pid);
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.stderr = (out.stderr + text).slice(0, LIMITS.stderrMax);
    });
    child.once('error', () => reject(missing(program, options.package)));
    child.once('close', (code, signal) => {
      if (signal === null) resolve({ code, ...out });
      else if (child.killed) reject(fail('timeout', `${program} took longer than ${options.timeoutMs} ms`));
      else reject(fail('network.failed', `${program} was ended by ${signal}${complaint(out.stderr)}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

const complaint = (stderr: string): string => (stderr === '' ? '' : `: ${stderr.split('\n', 1)[0]}`);

const missing = (program: string, name: string): Error =>
  fail('program.missing', `the program ${program} is not on this host`, { hint: `apt-get install ${name}` });
