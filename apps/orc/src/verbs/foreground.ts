/** `orc up` in the foreground: logs of all containers until they end, or the user stops them. */
import type { Client } from '@orc/api/client';
import { type Project, fail } from '@orc/model';
import type { Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { type Following, follow } from '../project/following.ts';
import { createLogView } from '../project/log-view.ts';
import { isGone, untilBack } from '../cli/reconnect.ts';
import { timeoutOf } from '../spec/values.ts';
import { actAndWatch } from './act.ts';
import { type Settling, settle } from './up.ts';

export type Foreground = Settling & {
  readonly project: Project;
  readonly flags: Flags;
  readonly begun: number;
};

export async function foreground(context: Context, client: Client, run: Foreground): Promise<number> {
  const { flags, project } = run;
  const over = new AbortController();
  const interrupted = new AbortController();
  const view = createLogView(context, client, {
    width: widthOf(project),
    timestamps: flags.on('timestamps'),
    prefix: !flags.on('no-log-prefix'),
    color: context.color && !flags.on('no-color'),
    signal: over.signal,
    reporter: await context.reporter(),
  });
  const undo = (['SIGINT', 'SIGTERM'] as const).map((name) =>
    context.io.onSignal(name, () => interrupt(context, client, run, interrupted)),
  );
  try {
    const back = waiting(context, client);
    const following = follow(client, { ...run, shown: attachedServices(run), back }, view, over.signal);
    const code = await untilOver(context, client, { ...run, back }, following, interrupted.signal);
    await view.done();
    return code;
  } finally {
    for (const each of undo) each();
    over.abort();
    await view.done();
  }
}

/** What was stopped is heard out: what it says, and how it ends. */
async function untilOver(
  context: Context,
  client: Client,
  run: Foreground & { readonly back: () => Promise<void> },
  following: Following,
  interrupted: AbortSignal,
): Promise<number> {
  const stopped = Promise.withResolvers<'interrupted'>();
  interrupted.addEventListener('abort', () => stopped.resolve('interrupted'));
  const settled = await settleAnyhow(context, client, run, interrupted);
  if (settled === 0) following.settled();
  const abortsFirst =
    run.flags.on('abort-on-container-exit') || run.flags.text('exit-code-from') !== undefined;
  const ends = [stopped.promise, following.all, ...(abortsFirst ? [following.first] : [])];
  const ended = settled === 0 ? await Promise.race(ends) : 'interrupted';
  if (ended === 'all') return codeFrom(client, run, 0);
  if (ended !== 'interrupted') context.err('Aborting on container exit...');
  await stopAll(context, client, run);
  await following.idle();
  return ended === 'interrupted' ? 130 : codeFrom(client, run, ended.code);
}

/** What was asked for is done by whichever daemon is there. */
async function settleAnyhow(
  context: Context,
  client: Client,
  run: Foreground & { readonly back: () => Promise<void> },
  signal: AbortSignal,
): Promise<number> {
  for (let anew = false; ; anew = true) {
    try {
      return await settle(context, client, { ...run, anew, signal });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await run.back();
  }
}

/** Whoever misses it waits for the same. */
function waiting(context: Context, client: Client): () => Promise<void> {
  let coming: Promise<void> | undefined;
  const lost = {
    goesOn: 'and the containers go on without it',
    hint: 'see "orc logs -f", and end them with "orc stop" or "orc down"',
  };
  return () => {
    coming ??= untilBack(context, client, lost).finally(() => {
      coming = undefined;
    });
    return coming;
  };
}

const widthOf = (project: Project): number =>
  Math.max(
    ...project.services.map((each) => (each.containerName ?? `${each.service}-${each.replicas}`).length),
  );

/** The first asks to stop; the second kills. */
function interrupt(context: Context, client: Client, run: Foreground, interrupted: AbortController): void {
  if (!interrupted.signal.aborted) {
    context.err('Gracefully stopping... (press Ctrl+C again to force)');
    interrupted.abort();
    return;
  }
  context.err('Killing...');
  client
    .actProject(run.project.name, { kind: 'kill', ...servicesOf(run) })
    .catch((error: unknown) => context.err(`error: ${(error as Error).message}`));
}

const servicesOf = ({ wanted }: Foreground): { services?: readonly string[] } =>
  wanted.services === undefined ? {} : { services: wanted.services };

async function stopAll(context: Context, client: Client, run: Foreground): Promise<void> {
  const action = { kind: 'stop' as const, ...servicesOf(run), ...timeoutOf(run.flags) };
  await actAndWatch(context, client, run.project.name, action);
}

/** `--exit-code-from`: that service's status, whoever ended first. */
async function codeFrom(client: Client, run: Foreground, otherwise: number): Promise<number> {
  const service = run.flags.text('exit-code-from');
  if (service === undefined) return otherwise;
  const rows = await client.listContainers({
    all: true,
    filters: { project: [run.project.name], service: [service] },
  });
  const row = rows[0];
  if (row === undefined)
    throw fail('notfound.service', `--exit-code-from ${service} has no container`, {
      hint: 'see "orc ps -a"',
    });
  return row.exit?.code ?? 0;
}

function attachedServices({ project, wanted, flags }: Foreground): ReadonlySet<string> {
  const [attach, noAttach] = [flags.list('attach'), flags.list('no-attach')];
  const chosen = project.services
    .filter((each) => wanted.services?.includes(each.service) ?? true)
    .filter((each) => (attach.length === 0 ? each.attach : attach.includes(each.service)))
    .map((each) => each.service);
  return new Set(chosen.filter((each) => !noAttach.includes(each)));
}
