/** The engine's commands on containers that are there. */
import type { LogRequest } from '@orc/api/client';
import { fail, parseDurationMs } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { containerListing } from '../format/container.ts';
import { inspectContainer } from '../format/inspect.ts';
import { printInspect, printList } from '../format/output.ts';
import { parseTime } from '../format/time.ts';
import { filtersFrom } from '../spec/values.ts';
import { eachOf } from './each.ts';

export const ls: Body = async (context, _, flags) => {
  const client = await context.client();
  const filters = filtersFrom(flags.list('filter'));
  const [latest, last] = [flags.on('latest'), flags.number('last')];
  const all = flags.on('all') || latest || last !== undefined || 'status' in filters;
  const rows = [...(await client.listContainers({ all, filters }))].sort((a, b) => b.createdAt - a.createdAt);
  const shown = latest ? rows.slice(0, 1) : last === undefined || last < 0 ? rows : rows.slice(0, last);
  printList(context, flags, containerListing(context.io.now(), flags.on('no-trunc')), shown);
  return 0;
};

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  const options = { force: flags.on('force'), volumes: flags.on('volumes') };
  return eachOf(context, args, async (name) => {
    await client.removeContainer(name, options);
    return name;
  });
};

const stopOptions = (flags: Flags): { timeoutMs?: number; signal?: string } => {
  const [seconds, signal] = [flags.number('timeout') ?? flags.number('time'), flags.text('signal')];
  return {
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    ...(signal === undefined ? {} : { signal: signalName(signal) }),
  };
};

/** `9`, `KILL`, `sigkill` to `SIGKILL`; numbers are passed on. */
export const signalName = (word: string): string =>
  /^\d+$/.test(word) ? word : `SIG${word.toUpperCase().replace(/^SIG/, '')}`;

export const stop: Body = async (context, args, flags) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    await client.stopContainer(name, stopOptions(flags));
    return name;
  });
};

export const restart: Body = async (context, args, flags) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    await client.restartContainer(name, stopOptions(flags));
    return name;
  });
};

export const kill: Body = async (context, args, flags) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    await client.killContainer(name, signalName(flags.text('signal') ?? 'KILL'));
    return name;
  });
};

export const wait: Body = async (context, args) => {
  const client = await context.client();
  const never = new AbortController().signal;
  return eachOf(context, args, async (name) =>
    String((await client.waitContainer(name, 'not-running', never)).code),
  );
};

export const inspect: Body = async (context, args, flags) => {
  const client = await context.client();
  const found: unknown[] = [];
  const code = await eachOf(context, args, async (name) => {
    found.push(inspectContainer(await client.getContainer(name)));
    return undefined;
  });
  if (found.length > 0 || code !== 0) printInspect(context, flags, found);
  return code;
};

export const logs: Body = async (context, args, flags) => {
  const client = await context.client();
  const { io } = context;
  const stop = new AbortController();
  const undo = io.onSignal('SIGINT', () => stop.abort());
  for await (const { stream, data } of client.containerLogs(
    args[0] as string,
    logRequest(context, flags),
    stop.signal,
  )) {
    const out = stream === 'stderr' ? io.stderr : io.stdout;
    if (!out.write(data)) await new Promise((resolve) => out.once('drain', resolve));
  }
  undo();
  return 0;
};

/** `--tail`, `--since`, `--until`, `--timestamps`, `--follow` of both kinds of logs. */
export function logRequest(context: Context, flags: Flags): LogRequest {
  const tail = flags.text('tail');
  if (tail !== undefined && tail !== 'all' && !/^\d+$/.test(tail))
    throw fail('usage.invalid', `--tail takes a number or all, not "${tail}"`);
  const times = { sinceMs: timeOf(context, flags, 'since'), untilMs: timeOf(context, flags, 'until') };
  return {
    follow: flags.on('follow'),
    timestamps: flags.on('timestamps'),
    ...(tail === undefined || tail === 'all' ? {} : { tail: Number(tail) }),
    ...(times.sinceMs === undefined ? {} : { sinceMs: times.sinceMs }),
    ...(times.untilMs === undefined ? {} : { untilMs: times.untilMs }),
  };
}

export function timeOf(context: Context, flags: Flags, name: string): number | undefined {
  const value = flags.text(name);
  if (value === undefined) return undefined;
  const at = parseTime(value, context.io.now(), parseDurationMs);
  if (at === undefined)
    throw fail('usage.invalid', `--${name} takes a time, not "${value}"`, {
      hint: 'write 10m, 2026-01-02T15:04:05Z or seconds',
    });
  return at;
}
