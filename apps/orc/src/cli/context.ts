/** What every command's body gets: where to write, what was said before the verb, and the daemon. */
import type { Client } from '@orc/api/client';
import { type Problem, fail, formatProblem } from '@orc/model';
import type { ProgressMode, Reporter } from '../report/reporter.ts';
import { type Host, hostOf } from './host.ts';
import type { Io, Output } from './io.ts';

export type Globals = {
  readonly files: readonly string[];
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly progress: ProgressMode;
  readonly ansi: 'auto' | 'never' | 'always';
  /** Progress goes to standard output. */
  readonly statusOnStdout: boolean;
  /** Of what was asked for outside the command and has no effect. */
  readonly warnings: readonly string[];
  readonly host?: string;
};

export type Context = {
  readonly io: Io;
  readonly globals: Globals;
  readonly host: Host;
  /** Colours on standard output, which looking opens. */
  readonly color: boolean;
  /** The daemon, started when none listens. */
  client(): Promise<Client>;
  /** Progress, on standard error unless it was moved; closed when the command ends. */
  reporter(): Promise<Reporter>;
  /** Whole lines, without the last newline. */
  out(text: string): void;
  err(text: string): void;
  close(): Promise<void>;
};

export function createContext(io: Io, globals: Globals): Context {
  const host = hostOf(io.env, globals.host, io.cwd);
  let client: Promise<Client> | undefined;
  let reporter: Promise<Reporter> | undefined;
  let drawn: Reporter | undefined;
  // What is drawn over itself makes room: the rows that it erases would be others by then.
  const line = (out: Output, text: string): void => {
    const write = (): boolean => out.write(`${text}\n`);
    if (drawn !== undefined && out.isTTY) drawn.around(write);
    else write();
  };
  const context: Context = {
    io,
    globals,
    host,
    get color() {
      return colorOn(io, globals);
    },
    client: () => (client ??= openClient(io, host)),
    reporter: () =>
      (reporter ??= openReporter(io, globals).then((made) => {
        drawn = made;
        return made;
      })),
    out: (text) => line(io.stdout, text),
    err: (text) => line(io.stderr, text),
    close: async () => {
      (await reporter)?.close();
      (await client?.catch(() => undefined))?.close();
    },
  };
  return context;
}

function colorOn(io: Io, { ansi }: Globals): boolean {
  if (ansi !== 'auto') return ansi === 'always';
  return io.stdout.isTTY === true && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
}

async function openClient(io: Io, host: Host): Promise<Client> {
  const { connect } = await import('@orc/api/client');
  const client = connect({ socketPath: host.socketPath });
  try {
    await client.open();
  } catch (error) {
    const { startDaemon } = await import('./daemon.ts');
    await startDaemon(io, host, error);
    await client.open();
  }
  return client;
}

async function openReporter(io: Io, globals: Globals): Promise<Reporter> {
  const { createReporter } = await import('../report/create.ts');
  return createReporter(io, globals);
}

/** What the daemon did and had to say about it. */
export function showWarnings(context: Context, warnings: readonly Problem[]): void {
  for (const each of warnings) context.err(formatProblem({ ...each, severity: 'warning' }));
}

/** For questions: the answer, or a refusal when nobody is there to answer. */
export async function confirm(context: Context, question: string, hint: string): Promise<boolean> {
  const { stdin, stderr } = context.io;
  if (!stdin.isTTY)
    throw fail('usage.invalid', 'standard input is no terminal, so nothing can be asked', { hint });
  const readline = await import('node:readline/promises');
  const lines = readline.createInterface({ input: stdin, output: stderr });
  const answer = await lines.question(`${question} [yN] `);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
