/** The engine's commands on containers that are there. */
import type { Client, ContainerSize, ContainerSummary, LogRequest } from '@orc/api/client';
import { fail, OrcError, parseDurationMs } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { interruptible, written } from '../cli/io.ts';
import { containerListing } from '../format/container.ts';
import { inspectContainer } from '../format/inspect.ts';
import { joinedBy } from '../project/joined.ts';
import { printList } from '../format/output.ts';
import { parseTime } from '../format/time.ts';
import { filtersFrom, timeoutOf } from '../spec/values.ts';
import { eachOf, inspectEach } from './each.ts';
import { mustBeState } from '../project/states.ts';

export const ls: Body = async (context, _, flags) => {
  const client = await context.client();
  const filters = filtersFrom(flags.list('filter'));
  filters['status']?.forEach(mustBeState);
  const [latest, last] = [flags.on('latest'), flags.number('last')];
  const all = flags.on('all') || latest || last !== undefined || 'status' in filters;
  const rows = [...(await client.listContainers({ all, filters }))].sort((a, b) => b.createdAt - a.createdAt);
  const shown = latest ? rows.slice(0, 1) : last === undefined || last < 0 ? rows : rows.slice(0, last);
  const sizes = wantsSizes(flags) ? await sizesOf(client, shown) : undefined;
  const listing = containerListing(context.io.now(), flags.on('no-trunc'), sizes);
  printList(context, flags, listing, shown);
  return 0;
};

/** A template that names it asks for it too, as in docker. */
const wantsSizes = (flags: Flags): boolean =>
  !flags.on('quiet') && (flags.on('size') || /\{\{[^}]*\.Size\b/.test(flags.text('format') ?? ''));

/** One after the other: each is counted on the disk. Those that went meanwhile have none. */
async function sizesOf(
  client: Client,
  rows: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, ContainerSize>> {
  const sizes = new Map<string, ContainerSize>();
  for (const { id } of rows) {
    const size = await client.containerSize(id).catch(ifGone);
    if (size !== undefined) sizes.set(id, size);
  }
  return sizes;
}

const isNotFound = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'notfound.container';

function ifGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  const options = { force: flags.on('force'), volumes: flags.on('volumes') };
  // As docker has it: what is forced away and was not there is said, and is no failure.
  const isGone = (error: unknown): boolean => options.force && isNotFound(error);
  return eachOf(
    context,
    args,
    async (name) => {
      await client.removeContainer(name, options);
      return name;
    },
    isGone,
  );
};

const stopOptions = (flags: Flags): { timeoutMs?: number; signal?: string } => {
  const signal = flags.text('signal');
  return { ...timeoutOf(flags), ...(signal === undefined ? {} : { signal: signalName(signal) }) };
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
  mustBeContainers(flags.text('type'));
  const client = await context.client();
  return inspectEach(context, flags, args, async (name) => {
    const container = await client.getContainer(name);
    // The image may have been removed by force.
    const image = await client.inspectImage(container.imageId).catch(() => undefined);
    const size = flags.on('size') ? await client.containerSize(container.id) : undefined;
    return inspectContainer(container, image?.Config, {
      joined: await joinedBy(client, container),
      ...(size === undefined ? {} : { size }),
    });
  });
};

function mustBeContainers(type: string | undefined): void {
  if (type === undefined || type === 'container') return;
  const known = ['image', 'network', 'volume'].includes(type);
  throw fail('usage.invalid', `--type ${type} is no container`, {
    hint: known ? `it is "orc ${type} inspect"` : 'leave it out',
  });
}

export const logs: Body = async (context, args, flags) => {
  const client = await context.client();
  const { io } = context;
  const request = logRequest(context, flags);
  await interruptible(io, async (signal) => {
    for await (const { stream, data } of client.containerLogs(args[0] as string, request, signal))
      await written(stream === 'stderr' ? io.stderr : io.stdout, data);
  });
  return 0;
};

/** `--tail`, `--since`, `--until`, `--timestamps`, `--follow` of both kinds of logs. */
export function logRequest(context: Context, flags: Flags): LogRequest {
  const tail = flags.text('tail');
  if (tail !== undefined && tail !== 'all' && !/^\d+$/.test(tail))
    throw fail('usage.invalid', `--tail takes a number or all, not "${tail}"`, { hint: 'write 20' });
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
