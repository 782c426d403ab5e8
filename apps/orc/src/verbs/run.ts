/** `orc run`: a one-off container of a service, in the project's networks, after what it depends on. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@orc/api/client';
import {
  COMPOSE_LABELS,
  type ContainerSpec,
  type NamespaceMode,
  type NetworkAttachment,
  type NetworkMode,
  type Project,
  type ProjectService,
  fail,
} from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { resolveImages } from '../project/images.ts';
import { loadToStart } from '../project/load.ts';
import { parseVolume } from '../spec/mounts.ts';
import { parsePublish } from '../spec/ports.ts';
import { readFlagFiles } from '../spec/read-files.ts';
import { pairsOf, valuesOf } from '../spec/values.ts';
import { asRun, codeOf, runAttached } from './container-run.ts';
import { put, settle, withDependencies } from './up.ts';

export const run: Body = async (context, args, flags) => {
  const [name = '', ...command] = args;
  const project = await loadToStart(context, [name]);
  const service = project.services.find((each) => each.service === name) as ProjectService;
  const spec = {
    ...specOf(context, project, service, command, flags),
    ...(await entrypointOf(flags.text('entrypoint'), command)),
  };
  const client = await context.client();
  return asRun(context, [2, 126, 127], async () => {
    await prepare(context, client, project, service, flags);
    const container = flags.text('name') ?? `${project.name}-${name}-run-${randomBytes(6).toString('hex')}`;
    const { id, warnings } = await client.createContainer({ name: container, spec });
    for (const warning of warnings) context.err(`warning: ${warning}`);
    if (flags.on('detach')) {
      await client.startContainer(id);
      context.out(container);
      return 0;
    }
    return codeOf(context, await runAttached(context, client, { id, spec, flags, proxy: true }));
  });
};

/** The image, the networks and volumes, and the services that it depends on. */
async function prepare(
  context: Context,
  client: Client,
  project: Project,
  service: ProjectService,
  flags: Flags,
): Promise<void> {
  const pull = flags.text('pull');
  await resolveImages(context, client, [service], {
    build: flags.on('build'),
    quiet: flags.on('quiet-pull'),
    ...(pull === undefined ? {} : { pull }),
  });
  const needed = withDependencies(project.services, [service.service]).filter(
    (each) => each !== service.service,
  );
  const started = flags.on('no-deps') ? [] : needed;
  // Without the service itself: `up` of its dependencies must not start it.
  const result = await put(context, client, project, started, flags, 'run', [service.service]);
  if (started.length === 0) return;
  await settle(context, client, {
    project,
    result,
    wanted: { services: started, goal: waitsForHealth(service) ? 'healthy' : 'started' },
  });
}

const waitsForHealth = (service: ProjectService): boolean =>
  service.dependsOn.some((each) => each.condition !== 'service_started');

function specOf(
  context: Context,
  project: Project,
  service: ProjectService,
  command: readonly string[],
  flags: Flags,
): ContainerSpec {
  const { io } = context;
  const { ports = [], restart: _, networkMode, pidMode, ipcMode, ...base } = service.container;
  const interactive = flags.on('interactive');
  if (flags.list('publish').length > 0 && flags.on('service-ports'))
    throw fail('usage.invalid', '--publish and --service-ports exclude each other', {
      hint: 'leave one out',
    });
  const published = [
    ...(flags.on('service-ports') ? ports : []),
    ...flags.list('publish').flatMap(parsePublish),
  ];
  const mounts = [...(base.mounts ?? []), ...flags.list('volume').map((each) => parseVolume(each, io.cwd))];
  const env = {
    ...base.env,
    ...readFlagFiles(io, fileFlags(flags)).env,
    ...valuesOf('env', flags.list('env'), io.env),
  };
  const [user, workdir] = [flags.text('user'), flags.text('workdir')];
  return {
    ...base,
    ...modesOf(project, { networkMode, pidMode, ipcMode }, flags),
    env,
    labels: {
      ...base.labels,
      ...pairsOf('label', flags.list('label')),
      [COMPOSE_LABELS.project]: project.name,
      [COMPOSE_LABELS.service]: service.service,
      [COMPOSE_LABELS.oneOff]: 'True',
    },
    tty: wantsTerminal(context, flags),
    openStdin: interactive && !flags.on('detach'),
    autoRemove: flags.on('rm'),
    capAdd: [...(base.capAdd ?? []), ...flags.list('cap-add')],
    capDrop: [...(base.capDrop ?? []), ...flags.list('cap-drop')],
    ...(mounts.length > 0 ? { mounts } : {}),
    ...(published.length > 0 ? { ports: published } : {}),
    ...(command.length > 0 ? { command } : {}),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workingDir: workdir }),
  };
}

/** On a terminal, unless it is not wanted; elsewhere only when it is asked for. */
function wantsTerminal({ io }: Context, flags: Flags): boolean {
  if (flags.on('tty') && flags.on('no-tty'))
    throw fail('usage.invalid', '--tty and --no-tty exclude each other', { hint: 'leave one out' });
  return flags.on('tty') || (!flags.on('no-tty') && io.stdin.isTTY === true && io.stdout.isTTY === true);
}

/** `run` calls its env files `--env-from-file`. */
const fileFlags = (flags: Flags): Flags => ({
  ...flags,
  list: (name) => (name === 'env-file' ? flags.list('env-from-file') : []),
});

/** One line, which is split as `entrypoint:` of a compose file is. */
async function entrypointOf(
  value: string | undefined,
  command: readonly string[],
): Promise<Partial<ContainerSpec>> {
  if (value === undefined) return {};
  const { splitWords } = await import('@orc/compose');
  const words = splitWords(value);
  if (words === undefined)
    throw fail('usage.invalid', `--entrypoint ${value}: a quote is not closed`, {
      hint: 'close it, or write \\ before it',
    });
  return { entrypoint: words.map(({ text }) => text), command };
}

type Modes = {
  readonly networkMode: NetworkMode | undefined;
  readonly pidMode: NamespaceMode | undefined;
  readonly ipcMode: NamespaceMode | undefined;
};

/** A container beside the project knows no services: it joins their first containers, and has no aliases of its own. */
function modesOf(
  project: Project,
  { networkMode, pidMode, ipcMode }: Modes,
  flags: Flags,
): Partial<ContainerSpec> {
  const joined = <T extends NetworkMode | NamespaceMode>(
    mode: T,
  ): T | { kind: 'container'; container: string } =>
    mode.kind === 'service' ? { kind: 'container', container: firstContainer(project, mode.service) } : mode;
  const network: NetworkMode | undefined =
    networkMode?.kind === 'networks' && !flags.on('use-aliases')
      ? {
          kind: 'networks',
          attachments: networkMode.attachments.map(withoutNames),
        }
      : networkMode && joined(networkMode);
  return {
    ...(network === undefined ? {} : { networkMode: network }),
    ...(pidMode === undefined ? {} : { pidMode: joined(pidMode) }),
    ...(ipcMode === undefined ? {} : { ipcMode: joined(ipcMode) }),
  };
}

/** Its names and address are those of the service's own container. */
const withoutNames = (attachment: NetworkAttachment): NetworkAttachment =>
  Object.fromEntries(
    Object.entries(attachment).filter(([key]) => key !== 'aliases' && key !== 'ipv4'),
  ) as NetworkAttachment;

const firstContainer = (project: Project, service: string): string =>
  project.services.find((each) => each.service === service)?.containerName ?? `${project.name}-${service}-1`;
