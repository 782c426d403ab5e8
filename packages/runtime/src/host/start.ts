/** One start: looks up what the plan needs, makes the cgroup, sends the plan, holds the result. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { fail } from '@orc/model';
import { CONTEXT_SCHEMA, HOST_DEVICES_MAX, START_MS } from '../limits.ts';
import { compileStart, type StartFacts } from '../plan/compile.ts';
import { encodePlan } from '../plan/encode.ts';
import { decideDevices, type GivenDevice } from '../plan/devices.ts';
import { type DeviceNode, thermalThrottlePaths } from '../plan/paths.ts';
import type { CgroupView } from '../plan/mounts.ts';
import type { LaunchPlan } from '../plan/ops.ts';
import { resolveArgv, resolveEnv, withHome } from '../plan/process.ts';
import type { Running, StartRequest } from '../types.ts';
import type { CgroupPlace } from './cgroups.ts';
import { openChannel } from './channel.ts';
import { type Context, prepareFolder, writeContext } from './folder.ts';
import { type IdentityRequest, resolveIdentity } from './identity.ts';
import { type Opened, startOn } from './launcher.ts';
import { closeWith, endRest, findShim, type Host, openRunning } from './running.ts';
import { attachBits, type Connection, FRAME, readStarted } from './wire.ts';

export async function startContainer(host: Host, request: StartRequest): Promise<Running> {
  // The launcher forks while the rest is made ready.
  const opening = host.launcher.open();
  // It may fail long before it is awaited.
  opening.catch(() => undefined);
  try {
    const plan = await planStart(host, request, opening);
    return await launch(host, request, (await opening).connection, plan);
  } catch (error) {
    opening.then(
      ({ connection }) => connection.close(),
      () => undefined,
    );
    throw error;
  }
}

/** A start that failed has left nothing that runs: a shim that loses its client before the program runs ends both. */
async function launch(
  host: Host,
  request: StartRequest,
  launcher: Connection,
  plan: LaunchPlan,
): Promise<Running> {
  const data = encodePlan(plan);
  const attach = request.attach === undefined ? 0 : attachBits(request.attach);
  try {
    const { connection, started } = await startOn(launcher, FRAME.start, plan, data, attach, START_MS);
    return await hold(host, request, connection, started);
  } catch (error) {
    launcher.close();
    await endRest(host, request.id);
    throw error;
  }
}

async function planStart(host: Host, request: StartRequest, opening: Promise<Opened>): Promise<LaunchPlan> {
  prepareFolder(request);
  if (request.log !== undefined) mkdirSync(request.log.folder, { recursive: true, mode: 0o700 });
  const { nodes, rules } = decideDevices(request.spec, givenDevices(request), hostDevices(request));
  // Of an attempt that lost its shim: two on one upper folder would ruin it (DECISIONS 8, 11).
  await host.cgroups.kill(request.id);
  const facts = await gatherFacts(host, request, nodes, opening, () =>
    host.cgroups.create(request.id, request.spec.resources ?? {}, rules),
  );
  writeContext(request.folder, contextOf(request, facts));
  return compileStart(request, facts);
}

/** With output on it the first connection may stall: requests and the end then go over one of their own. */
async function hold(
  host: Host,
  request: StartRequest,
  connection: Connection,
  frame: Parameters<typeof readStarted>[0],
): Promise<Running> {
  const { id, folder } = request;
  const started = readStarted(frame);
  const first = openChannel(connection);
  if (request.attach === undefined) return openRunning(host, { id, folder, started, control: first });
  closeWith(host, connection);
  const control = (await findShim(folder))?.channel;
  return openRunning(host, {
    id,
    folder,
    started,
    attachment: first.attachment,
    ...(control === undefined ? {} : { control }),
  });
}

async function gatherFacts(
  host: Host,
  request: StartRequest,
  devices: readonly DeviceNode[],
  opening: Promise<Opened>,
  createCgroup: () => CgroupPlace,
): Promise<StartFacts> {
  const { spec, image } = request;
  const identity = await resolveIdentity(host.accounts, identityRequest(request));
  const argv = request.argv ?? resolveArgv(spec, image.config);
  const env = withHome(resolveEnv(spec, image.config, request.hostname), identity.user.home);
  const place = createCgroup();
  const oomFile = findOomFile(place);
  const { hardLimits } = await opening;
  return {
    joins: request.join?.() ?? {},
    program: { argv, env, cwd: spec.workingDir || image.config.WorkingDir || '/' },
    identity,
    tasksFiles: place.tasksFiles,
    ...(place.v2Dir === undefined ? {} : { cgroupV2: place.v2Dir }),
    ...(place.deviceProgram === undefined ? {} : { deviceProgram: place.deviceProgram }),
    cgroupView: cgroupView(place),
    ...(oomFile === undefined ? {} : { oomFile }),
    devices,
    skeleton: host.skeleton,
    maskedMore: thermalThrottlePaths(processors()),
    ...(hardLimits === undefined ? {} : { hardLimits }),
    terminal: request.terminal ?? { columns: 0, rows: 0 },
  };
}

const PROCESSORS = '/sys/devices/system/cpu';

/** All that there are: how many the daemon may run on says nothing. */
const processors = (): readonly string[] => (existsSync(PROCESSORS) ? readdirSync(PROCESSORS) : []);

const identityRequest = ({ folder, spec, image }: StartRequest): IdentityRequest => ({
  folder,
  layers: image.layers,
  user: spec.user ?? image.config.User ?? '',
  groupAdd: spec.groupAdd ?? [],
  capAdd: spec.capAdd ?? [],
  capDrop: spec.capDrop ?? [],
  privileged: spec.privileged === true,
  noNewPrivileges: spec.security?.noNewPrivileges ?? true,
  seccomp: spec.security?.seccomp ?? 'default',
});

function contextOf(request: StartRequest, facts: StartFacts): Context {
  const { folder: _, ...identity } = identityRequest(request);
  return {
    schema: CONTEXT_SCHEMA,
    id: request.id,
    attempt: request.attempt,
    ...identity,
    env: resolveEnv(request.spec, request.image.config, request.hostname),
    cwd: facts.program.cwd,
    imageId: request.image.id,
    ulimits: request.spec.ulimits ?? [],
    tasksFiles: facts.tasksFiles,
    ...(facts.cgroupV2 === undefined ? {} : { cgroupV2: facts.cgroupV2 }),
  };
}

/** The hierarchy's folder is named for its controllers, as systemd and cgroupfs-mount do. */
function cgroupView(place: CgroupPlace): CgroupView {
  if (place.v2Dir !== undefined && place.tasksFiles.length === 0) return { kind: 'v2' };
  const names = place.tasksFiles.map((each) => each.split('/')[4] ?? '');
  return { kind: 'v1', controllers: names.filter((name) => /^[a-z_,]+$/.test(name)) };
}

const findOomFile = ({ oomFile }: CgroupPlace): string | undefined =>
  oomFile !== undefined && existsSync(oomFile) ? oomFile : undefined;

const DEVICE_MODE = 0o660;

/** `devices:` as the host has them now. */
const givenDevices = ({ spec }: StartRequest): readonly GivenDevice[] =>
  (spec.devices ?? []).map(({ source, target, permissions }) => {
    const node = deviceNode(source, target || source);
    if (node !== undefined) return { ...node, permissions };
    throw fail('input.invalid', `no device ${source} on this host`, {
      hint: 'ls -l /dev shows those there are',
    });
  });

const hostDevices = ({ spec }: StartRequest): readonly DeviceNode[] => (spec.privileged ? everyDevice() : []);

function deviceNode(source: string, target: string): DeviceNode | undefined {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return undefined;
  const mode = stat.mode & 0o777 || DEVICE_MODE;
  return {
    path: target,
    type: stat.isCharacterDevice() ? 'c' : 'b',
    major: majorOf(stat.rdev),
    minor: minorOf(stat.rdev),
    mode,
  };
}

/** linux/kdev_t.h, as glibc encodes it in st_rdev. */
const majorOf = (rdev: number): number => (rdev >>> 8) & 0xfff;
const minorOf = (rdev: number): number => (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);

const NOT_OURS: readonly string[] = ['console', 'ptmx'];

function everyDevice(): readonly DeviceNode[] {
  const entries = readdirSync('/dev', { withFileTypes: true }).slice(0, HOST_DEVICES_MAX);
  return entries
    .filter((each) => (each.isCharacterDevice() || each.isBlockDevice()) && !NOT_OURS.includes(each.name))
    .flatMap((each) => deviceNode(`/dev/${each.name}`, `/dev/${each.name}`) ?? []);
}
