/** `orc container run`, `create`, `start`, `attach`. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client, Duplex, VolumesFrom } from '@orc/api/client';
import { type Container, type ContainerSpec, type Exit, OrcError, PROBLEM_CODES, fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { ExitStatus, report } from '../cli/problems.ts';
import { idOf } from '../project/image-id.ts';
import { specFromFlags } from '../spec/from-flags.ts';
import { readFlagFiles } from '../spec/read-files.ts';
import { parseVolumesFrom } from '../spec/volumes-from.ts';
import { hearOut } from './resume.ts';
import { joinStreams, mustBeTerminal, tellSize } from './attach.ts';

const DAEMON_FAILED = 125;

/** docker's codes: 125 when it could not be run, 126 and 127 of its program, else its own; wrong usage is 2. */
export const run: Body = async (context, args, flags) =>
  asRun(context, [2, 126, 127], async () => {
    const wanted = wantedOf(context, args, flags);
    return asRun(context, [126, 127], () => runWanted(context, wanted, flags));
  });

async function runWanted(context: Context, wanted: Wanted, flags: Flags): Promise<number> {
  const { spec } = wanted;
  const client = await context.client();
  const id = await makeContainer(context, client, flags, wanted);
  if (flags.on('detach')) {
    await startOrRemove(client, id, spec);
    context.out(id);
    return 0;
  }
  const streams = flags.list('attach').map((each) => each.toLowerCase());
  return codeOf(context, await runAttached(context, client, { id, spec, flags, streams }));
}

/** With `--rm` nobody could look it up afterwards. */
export function codeOf(context: Context, { code, oomKilled }: Exit): number {
  if (oomKilled) context.err('warning: the container was killed: it ran out of memory');
  return code;
}

/** Of its problems those with these exit codes keep them; what is not offered, or cannot be done, is 125. */
export async function asRun(
  context: Context,
  own: readonly number[],
  body: () => Promise<number>,
): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof ExitStatus) return error.status;
    const code = report(context.io, error);
    if (!(error instanceof OrcError) || error.problem.code === 'input.unsupported') return DAEMON_FAILED;
    return own.includes(PROBLEM_CODES[error.problem.code].exit) ? code : DAEMON_FAILED;
  }
}

export const create: Body = async (context, args, flags) => {
  const client = await context.client();
  context.out(await makeContainer(context, client, flags, wantedOf(context, args, flags)));
  return 0;
};

/** `lenders`: of `--volumes-from`. */
type Wanted = { readonly spec: ContainerSpec; readonly lenders: readonly VolumesFrom[] };

function wantedOf(context: Context, args: readonly string[], flags: Flags): Wanted {
  const [image = '', ...command] = args;
  const spec = specFromFlags(flags, image, command, readFlagFiles(context.io, flags), context.io);
  if (flags.on('interactive') && flags.on('tty') && !flags.on('detach')) mustBeTerminal(context.io);
  if (flags.on('detach') && flags.list('attach').length > 0)
    throw fail('usage.invalid', '--attach and --detach exclude each other', {
      hint: 'leave one of them out',
    });
  if (spec.networkMode?.kind === 'host' && (spec.ports !== undefined || spec.publishAll))
    context.err('warning: ports are not published on the network of the host: the program opens them itself');
  return { spec, lenders: flags.list('volumes-from').map(parseVolumesFrom) };
}

async function makeContainer(
  context: Context,
  client: Client,
  flags: Flags,
  { spec, lenders }: Wanted,
): Promise<string> {
  const file = openIdFile(context, flags.text('cidfile'));
  try {
    const name = flags.text('name');
    const made = await withImage(context, client, flags, spec, () =>
      client.createContainer({
        spec,
        ...(name === undefined ? {} : { name }),
        ...(lenders.length === 0 ? {} : { volumesFrom: lenders }),
      }),
    );
    for (const warning of made.warnings) context.err(`warning: ${warning}`);
    file?.write(made.id);
    return made.id;
  } catch (error) {
    file?.remove();
    throw error;
  }
}

type IdFile = { write(id: string): void; remove(): void };

/** Before anything is made: a container whose id could not be written down would be nobody's. */
function openIdFile(context: Context, file: string | undefined): IdFile | undefined {
  if (file === undefined) return undefined;
  const path = resolve(context.io.cwd, file);
  if (existsSync(path))
    throw fail('input.invalid', `the file ${file} of --cidfile is there already`, {
      hint: 'remove it, or name another one',
    });
  writeFileSync(path, '', { flag: 'wx' });
  return { write: (id) => writeFileSync(path, id), remove: () => rmSync(path, { force: true }) };
}

/** Pulled from here and not by the daemon, so that the user sees its progress; mostly the image is there. */
async function withImage<T>(
  context: Context,
  client: Client,
  flags: Flags,
  { image, platform }: ContainerSpec,
  make: () => Promise<T>,
): Promise<T> {
  const policy = flags.text('pull') ?? 'missing';
  const pull = async (): Promise<void> => {
    const options = { quiet: flags.on('quiet'), ...(platform === undefined ? {} : { platform }) };
    const { pullImage } = await import('../project/pull.ts');
    await pullImage(context, client, image, options);
  };
  const isForeign = platform !== undefined && !(await isHere(client, image, platform));
  if (isForeign && policy === 'never') throw notHere(`${image} for ${platform}`);
  if (isForeign || policy === 'always') await pull();
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof OrcError) || error.problem.code !== 'notfound.image') throw error;
    if (policy === 'never') throw notHere(image);
  }
  await pull();
  return make();
}

const notHere = (image: string): OrcError =>
  fail('notfound.image', `there is no image ${image}`, { hint: 'leave "--pull never" out' });

/** One for another platform is another image. */
async function isHere(client: Client, image: string, platform: string): Promise<boolean> {
  const id = await idOf(client, image);
  if (id === undefined) return false;
  const { Os, Architecture } = await client.inspectImage(id);
  const [os, architecture] = platform.includes('/') ? platform.split('/') : ['linux', platform];
  return Os === os && Architecture === architecture;
}

async function startOrRemove(client: Client, id: string, spec: ContainerSpec): Promise<void> {
  try {
    await client.startContainer(id);
  } catch (error) {
    if (spec.autoRemove)
      await client.removeContainer(id, { force: true, volumes: true }).catch(() => undefined);
    throw error;
  }
}

type Attached = {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly flags: Flags;
  /** Whether signals go to the program; absent: as `--sig-proxy` says. */
  readonly proxy?: boolean;
  /** `-a`: only these; absent: all. */
  readonly streams?: readonly string[];
};

/** Attached before the start, so that nothing it says is missed; waited for before, so that its end is not. */
export async function runAttached(context: Context, client: Client, attached: Attached): Promise<Exit> {
  const { id, spec, flags, proxy, streams = [] } = attached;
  const has = (stream: string): boolean => streams.length === 0 || streams.includes(stream);
  const stdin = spec.openStdin === true && has('stdin');
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const exit = client.waitContainer(id, 'next-exit', stop.signal, begun.resolve);
  exit.catch(begun.reject);
  const attaching = client.attachContainer(id, { stdin, stdout: has('stdout'), stderr: has('stderr') });
  const resize = (columns: number, rows: number): Promise<unknown> =>
    client.resizeContainer(id, columns, rows);
  const sized = spec.tty ? tellSize(context.io, resize) : undefined;
  const [duplex] = await Promise.all([attaching, begun.promise, sized]);
  const sinceMs = context.io.now();
  await startOrRemove(client, id, spec).catch((error) => {
    duplex.close();
    stop.abort();
    exit.catch(() => undefined);
    throw error;
  });
  exit.catch(() => undefined);
  const joined = (each: Duplex): ReturnType<typeof join> =>
    join(context, client, { id, spec, flags, proxy, duplex: each, stdin });
  const shown = { stdout: has('stdout'), stderr: has('stderr') };
  // Its log has both.
  const whole = shown.stdout && shown.stderr ? { sinceMs } : {};
  const session = { id, stdin, shown, join: joined, exit, signal: stop.signal, ...whole };
  const ended = await hearOut(context, client, session, duplex);
  if (ended !== undefined) return ended;
  stop.abort();
  return { code: 0, oomKilled: false, at: context.io.now(), reason: 'detached' };
}

type Joined = Pick<Attached, 'id' | 'spec' | 'flags'> & {
  readonly proxy?: boolean | undefined;
  readonly duplex: Duplex;
  readonly stdin: boolean;
};

function join(
  context: Context,
  client: Client,
  { id, spec, flags, proxy = flags.on('sig-proxy'), duplex, stdin }: Joined,
): ReturnType<typeof joinStreams> {
  const keys = flags.text('detach-keys');
  return joinStreams(context.io, {
    duplex,
    stdin,
    tty: spec.tty === true,
    resize: (columns, rows) => client.resizeContainer(id, columns, rows),
    ...(keys === undefined ? {} : { detachKeys: keys }),
    ...(proxy ? { signal: (name: string) => client.killContainer(id, name) } : {}),
  });
}

export const start: Body = async (context, args, flags) => {
  const client = await context.client();
  if (!flags.on('attach') && !flags.on('interactive')) return startAll(context, client, args);
  const [only = '', ...others] = args;
  if (others.length > 0)
    throw fail('usage.invalid', 'start -a and -i take one container', { hint: 'name one' });
  const { id, spec } = await client.getContainer(only);
  const open = { ...spec, openStdin: spec.openStdin === true && flags.on('interactive'), autoRemove: false };
  return (await runAttached(context, client, { id, spec: open, flags })).code;
};

async function startAll(context: Context, client: Client, names: readonly string[]): Promise<number> {
  const { eachOf } = await import('./each.ts');
  return eachOf(context, names, async (name) => {
    await client.startContainer(name);
    return name;
  });
}

export const attach: Body = async (context, args, flags) => {
  const client = await context.client();
  const container = await client.getContainer(args[0] as string);
  if (container.status !== 'running')
    throw fail('conflict.state', `the container ${container.name} is not running`, {
      hint: `orc container start ${container.name}`,
    });
  return attachTo(context, client, container, flags);
};

async function attachTo(
  context: Context,
  client: Client,
  container: Container,
  flags: Flags,
): Promise<number> {
  const { id, spec } = container;
  const stdin = spec.openStdin === true && !flags.on('no-stdin');
  const stop = new AbortController();
  const exit = client.waitContainer(id, 'not-running', stop.signal);
  exit.catch(() => undefined);
  const duplex = await client.attachContainer(id, { stdin, stdout: true, stderr: true });
  const joined = (each: Duplex): ReturnType<typeof join> =>
    join(context, client, { id, spec, flags, duplex: each, stdin });
  const shown = { stdout: true, stderr: true };
  const session = { id, stdin, shown, join: joined, exit, signal: stop.signal };
  const ended = await hearOut(context, client, session, duplex);
  stop.abort();
  return ended?.code ?? 0;
}
