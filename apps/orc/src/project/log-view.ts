/** Logs of several containers on one screen: a stream each, their lines merged by time, prefixed and coloured. */
import { styleText } from 'node:util';
import type { Client, LogRequest } from '@orc/api/client';
import { formatProblem, type Problem, toProblem } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { isGone } from '../cli/reconnect.ts';
import type { Reporter } from '../report/reporter.ts';
import { type Line, type Merger, createMerger } from './merge.ts';
import { splitLines } from './lines.ts';

export type LogViewOptions = {
  /** Of the longest name known so far. */
  readonly width: number;
  readonly timestamps: boolean;
  readonly prefix: boolean;
  readonly color: boolean;
  readonly signal: AbortSignal;
  readonly request?: LogRequest;
  /** What else is drawn on the screen meanwhile. */
  readonly reporter?: Reporter;
};

export type LogView = {
  /** Follows a container; a second time, from where it was left. */
  open(container: { readonly id: string; readonly name: string; readonly sinceMs?: number }): void;
  /** Resolves when what the container said before it ended is printed. */
  ended(id: string): Promise<void>;
  say(name: string, text: string): void;
  /** Resolves when all streams have ended and are printed: whether none broke off. */
  done(): Promise<boolean>;
};

const COLORS = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'yellowBright',
  'greenBright',
  'magentaBright',
  'blueBright',
] as const;

/** `web-1` of `shop-web-1`. */
export const shortName = (project: string, container: string): string =>
  container.startsWith(`${project}-`) ? container.slice(project.length + 1) : container;

type Source = {
  stream: Promise<void>;
  last: string;
  /** To be followed anew when the stream under way ends. */
  waiting: boolean;
};

export function createLogView(context: Context, client: Client, options: LogViewOptions): LogView {
  const sources = new Map<string, Source>();
  const colors = new Map<string, (typeof COLORS)[number]>();
  let width = options.width;
  let whole = true;
  const prefixOf = (name: string): string => {
    if (!options.prefix) return '';
    width = Math.max(width, name.length);
    const color = colors.get(name) ?? (COLORS[colors.size % COLORS.length] as (typeof COLORS)[number]);
    colors.set(name, color);
    const text = `${name.padEnd(width)}  | `;
    return options.color ? styleText(color, text, { validateStream: false }) : text;
  };
  const print = ({ name, stream, time, text }: Line): Promise<void> | void => {
    const out = stream === 'stderr' ? context.io.stderr : context.io.stdout;
    const line = `${prefixOf(name)}${options.timestamps ? `${time} ` : ''}${text}\n`;
    const write = (): boolean => out.write(line);
    const more = options.reporter === undefined ? write() : options.reporter.around(write);
    if (!more) return new Promise((resolve) => out.once('drain', resolve));
  };
  const merger = createMerger(print);
  const open: LogView['open'] = ({ id, name, sinceMs }) => {
    const source: Source = sources.get(id) ?? { stream: Promise.resolve(), last: '', waiting: false };
    sources.set(id, source);
    // A stream goes on through restarts by the policy, however many there are.
    if (source.waiting) return;
    source.waiting = true;
    const request = {
      follow: true,
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...options.request,
      timestamps: true,
    };
    const before = source.stream.catch(() => undefined);
    source.stream = before.then(() => {
      source.waiting = false;
      return pump(client, merger, { id, name, request, source, signal: options.signal });
    });
    source.stream.catch((error: unknown) => {
      // Who follows the project hears of it too, and opens it again.
      if (options.signal.aborted || (isGone(error) && request.follow)) return;
      whole = tell(context, name, toProblem(error)) && whole;
    });
  };
  return {
    open,
    ended: async (id) =>
      sources
        .get(id)
        ?.stream.catch(() => undefined)
        .then(() => merger.flush()),
    say: (name, text) => void print({ name, stream: 'stdout', time: '', text }),
    done: async () => {
      await Promise.allSettled([...sources.values()].map((each) => each.stream));
      await merger.flush();
      return whole;
    },
  };
}

/** Whether it is no failure: as in compose, one that keeps no logs keeps nobody from those of the others. */
function tell(context: Context, name: string, problem: Problem): boolean {
  const kept = problem.code !== 'conflict.state';
  if (kept) context.err(`error: logs of ${name}: ${problem.message}`);
  else context.err(formatProblem({ ...problem, severity: 'warning' }));
  return !kept;
}

type Pump = {
  readonly id: string;
  readonly name: string;
  readonly request: LogRequest;
  readonly source: Source;
  readonly signal: AbortSignal;
};

/** `since` is in milliseconds: lines of a stream that was opened again are told apart by their nanoseconds. */
async function pump(
  client: Client,
  merger: Merger,
  { id, name, request, source, signal }: Pump,
): Promise<void> {
  const from = source.last;
  const input = merger.source();
  try {
    for await (const { stream, text, begun } of splitLines(client.containerLogs(id, request, signal))) {
      if (begun) {
        await input.push({ name, stream, time: source.last, text });
        continue;
      }
      const at = text.indexOf(' ');
      const time = text.slice(0, at);
      if (time <= from) continue;
      source.last = time;
      await input.push({ name, stream, time, text: text.slice(at + 1) });
    }
  } finally {
    input.end();
  }
}
