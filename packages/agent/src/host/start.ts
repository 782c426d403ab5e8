/** One attempt: network, ports, volumes, and the launch; what was taken is given back when it fails. */
import { join } from 'node:path';
import {
  type ContainerId,
  defined,
  fail,
  type ImageConfig,
  type NamespaceMode,
  OrcError,
  type PortBinding,
  type Propagation,
  type ResolvedImage,
} from '@orc/model';
import type { Joins, ProcessId, ResolvedMount, Running, StartRequest } from '@orc/runtime';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { LIMITS } from '../limits.ts';
import { allMounts, anonymousName, resolveMounts } from '../plan/mounts.ts';
import { needsPeers, propagationProblem } from '../plan/propagation.ts';
import { type Connection, connect, hostnameOf, namesOf, type Joinable, wantedPorts } from './attachment.ts';
import type { LifeDeps } from './deps.ts';
import { isTask, type State, type StateFile, type Stored } from './folder.ts';
import { startWatch } from './stopwatch.ts';

export type Started = { readonly running: Running; readonly state: State; readonly joinable: Joinable };

/** `state`: as it shall be once the attempt runs. */
export async function startAttempt(
  stored: Stored,
  folder: string,
  file: StateFile,
  state: State,
  image: ResolvedImage,
  deps: LifeDeps,
  more: Pick<StartRequest, 'attach' | 'terminal'> = {},
): Promise<Started> {
  const watch = startWatch(deps.clock);
  const unmade = await deps.networksReady();
  try {
    const given = isTask(stored) ? state.endpoints : [];
    const connection = await connect(stored, hostnameOf(stored), given, {
      network: deps.network,
      joined: (mode) => deps.find(stored, mode)?.joinable,
      grow: deps.grow,
    }).catch((error: unknown) => {
      throw isMissing(error) ? (unmade ?? error) : error;
    });
    const { namespace, etc, hostname } = connection;
    watch.lap('sandbox');
    const ports = await publish(stored, connection, image.config, state.ports, deps);
    watch.lap('ports');
    const places = await placeVolumes(stored, image.config, state, deps);
    const mounts = await mountsOf(stored, image.config, places, deps);
    const next: State = {
      ...state,
      endpoints: connection.endpoints,
      ports,
      volumes: places.anonymous,
      argv: argvOf(stored, image.config),
      hostname,
      // If it has ended before anybody could look: as good as what the shim says.
      startedAt: deps.clock.now(),
    };
    watch.lap('mounts');
    await file.write(next);
    watch.lap('state');
    deps.failpoint('agent.start.before-launch');
    const request = requestOf(stored, folder, next, image, connection, mounts, deps);
    const running = await deps.runtime.start({ ...request, ...more }, deps.starts.aside);
    watch.lap('launch');
    deps.emit('debug', 'started', { container: stored.name, ...watch.laps() });
    deps.failpoint('agent.start.after-launch');
    if (connection.own) await attached(stored.id, running, deps);
    deps.network.register(stored.id, namesOf(stored, connection.endpoints));
    return {
      running,
      state: { ...next, startedAt: running.startedAt },
      joinable: { namespace, etc, hostname },
    };
  } catch (error) {
    await release(stored.id, deps).catch(() => {});
    throw error;
  }
}

/** The network that it needs is among those that could not be made. */
const isMissing = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'notfound.network';

/** A container whose published ports cannot open does not stay. */
async function attached(id: ContainerId, running: Running, deps: LifeDeps): Promise<void> {
  try {
    await deps.network.attached(id);
  } catch (error) {
    await running.kill();
    await running.exited;
    throw error;
  }
}

/** `cut`: others live on in its sandbox, without its network. */
export async function release(id: ContainerId, deps: LifeDeps, cut = false): Promise<void> {
  await deps.network.unpublish(id);
  await deps.network.release(id, { cut });
}

/** Ports that an earlier attempt still holds stay as they are. */
async function publish(
  stored: Stored,
  connection: Connection,
  config: ImageConfig,
  held: readonly PortBinding[],
  deps: LifeDeps,
): Promise<readonly PortBinding[]> {
  const wanted = wantedPorts(stored.spec, Object.keys(config.ExposedPorts ?? {}));
  if (wanted.length === 0 || connection.endpoints.length === 0) return [];
  return held.length > 0 ? held : deps.network.publish(stored.id, connection.endpoints, wanted);
}

type Places = {
  readonly byTarget: ReadonlyMap<string, string>;
  readonly anonymous: Readonly<Record<string, string>>;
};

async function placeVolumes(
  stored: Stored,
  config: ImageConfig,
  state: State,
  deps: LifeDeps,
): Promise<Places> {
  const byTarget = new Map<string, string>();
  const anonymous = anonymousVolumes(stored, config, state);
  for (const mount of allMounts(stored.spec.mounts ?? [], config)) {
    if (mount.type !== 'volume') continue;
    const name = mount.source ?? (anonymous[mount.target] as string);
    const path = await deps.volumes.place(name);
    if (mount.subpath !== undefined) await checkSubpath(name, path, mount.subpath);
    byTarget.set(mount.target, path);
  }
  return { byTarget, anonymous };
}

/** By target: those that it has, and those that a start will make. */
export function anonymousVolumes(
  stored: Stored,
  config: ImageConfig,
  state: State,
): Readonly<Record<string, string>> {
  const targets = allMounts(stored.spec.mounts ?? [], config).flatMap((mount) =>
    mount.type === 'volume' && mount.source === undefined ? [mount.target] : [],
  );
  const names = targets.map((each) => [each, anonymousName(stored, each)]);
  return { ...Object.fromEntries(names), ...state.volumes };
}

/** For a message of its own: what keeps it within the volume is the launcher. */
async function checkSubpath(volume: string, path: string, subpath: string): Promise<void> {
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw fail('input.invalid', `the subpath ${subpath} leads out of the volume ${volume}`, {
      hint: 'name a folder in it, such as "data"',
    });
  if ((await stat(join(path, subpath)).catch(() => undefined)) === undefined)
    throw fail('input.missing', `the volume ${volume} has no ${subpath}`, {
      hint: 'make it first: a subpath must exist',
    });
}

async function mountsOf(
  stored: Stored,
  config: ImageConfig,
  places: Places,
  deps: LifeDeps,
): Promise<readonly ResolvedMount[]> {
  const mounts = allMounts(stored.spec.mounts ?? [], config);
  for (const mount of mounts) {
    if (mount.type !== 'bind') continue;
    await checkSource(mount.source, mount.createHostPath === true);
    if (needsPeers(mount.propagation)) await checkPropagation(mount.source, mount.propagation);
  }
  return resolveMounts(mounts, {
    volume: ({ target }) => places.byTarget.get(target) as string,
    file: deps.file,
  });
}

async function checkPropagation(source: string, propagation: Propagation = 'rprivate'): Promise<void> {
  const [path, mounts] = await Promise.all([realpath(source), readFile('/proc/self/mountinfo', 'utf8')]);
  const problem = propagationProblem(path, propagation, mounts);
  if (problem !== undefined) throw problem;
}

async function checkSource(source: string, create: boolean): Promise<void> {
  const found = await stat(source).catch(() => undefined);
  if (found !== undefined) return;
  if (!create)
    throw fail('input.missing', `bind source path does not exist: ${source}`, {
      hint: 'make it, or use a named volume',
    });
  await mkdir(source, { recursive: true });
}

const argvOf = (stored: Stored, config: ImageConfig): readonly string[] => {
  const { entrypoint, command } = stored.spec;
  const first = entrypoint ?? config.Entrypoint ?? [];
  return [...first, ...(command ?? (entrypoint === undefined ? (config.Cmd ?? []) : []))];
};

function requestOf(
  stored: Stored,
  folder: string,
  state: State,
  image: ResolvedImage,
  connection: Connection,
  mounts: readonly ResolvedMount[],
  deps: LifeDeps,
): StartRequest {
  const { spec } = stored;
  const log = logFolder(stored, folder, deps.root);
  const rotation = {
    maxSizeBytes: spec.logging?.maxSizeBytes ?? LIMITS.logMaxSizeBytes,
    maxFiles: spec.logging?.maxFiles ?? LIMITS.logMaxFiles,
  };
  return {
    id: stored.id,
    folder,
    attempt: state.attempt,
    spec,
    image,
    hostname: connection.hostname,
    mounts,
    etc: connection.etc,
    networkNamespace: connection.namespace,
    kernelOps: connection.ops,
    join: () => joinsOf(stored, deps),
    ...(spec.logging?.driver === 'none' ? {} : { log: { folder: log, ...rotation } }),
    volatileRoot: spec.autoRemove === true,
  };
}

/** Undefined: it keeps none. */
export const logPathOf = (stored: Stored, folder: string, root: string): string | undefined =>
  stored.spec.logging?.driver === 'none' ? undefined : logFolder(stored, folder, root);

/** DECISIONS 14: logs of tasks live by project, service and slot and go by retention; others' with their folder. */
export function logFolder(stored: Stored, folder: string, root: string): string {
  const { owner } = stored;
  if (owner === undefined || owner.oneOff === true) return join(folder, 'logs');
  return join(root, 'logs', owner.project, owner.service, String(owner.slot), stored.id);
}

function joinsOf(stored: Stored, deps: LifeDeps): Joins {
  const processOf = (mode: NamespaceMode | undefined): ProcessId | undefined => {
    if (mode === undefined || mode.kind === 'private' || mode.kind === 'host') return undefined;
    const running = deps.find(stored, mode)?.running;
    if (running !== undefined) return running;
    const name = mode.kind === 'service' ? mode.service : mode.container;
    throw fail('conflict.state', `cannot join the namespaces of ${name}: it is not running`, {
      hint: 'start it first',
      retry: true,
    });
  };
  return defined({
    pid: processOf(stored.spec.pidMode),
    ipc: processOf(stored.spec.ipcMode),
    uts: processOf(stored.spec.utsMode),
  });
}
