/** The room's door: what `agent` and `orcd` call. */
import { existsSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { type Clock, type ContainerId, type Emit, turns } from '@orc/model';
import { KERNEL_PLAN_MS, LAUNCHER_END_MS, LAUNCHER_POLL_MS, STARTS_PER_CPU } from '../limits.ts';
import { kernelOps } from '../plan/compile.ts';
import { missingFeatures } from '../plan/features.ts';
import { planOf } from '../plan/ops.ts';
import type { Adopted, Runtime, RuntimeInfo, RuntimeOptions, StartRequest } from '../types.ts';
import { LAUNCHER_LEAF } from './cgroup-files.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { openClosing } from './closing.ts';
import { kernelFacts } from './features.ts';
import { fillVolumes } from './fill.ts';
import { makeSkeleton, readExit } from './folder.ts';
import { openAccounts } from './accounts.ts';
import { openLauncher } from './launcher.ts';
import { endRest, findShim, type Host, openRunning, SHIM_SOCKET } from './running.ts';
import { startContainer } from './start.ts';

/** Finds or starts the launcher. Throws `start.failed` when it cannot. */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const cgroups = openCgroups(options);
  const closing = openClosing();
  const program = options.launcher ?? join(import.meta.dirname, '../../native/build/orc-launch');
  const skeleton = makeSkeleton(options.root);
  const launcher = await openLauncher({
    program,
    run: options.run,
    root: options.root,
    clock: options.clock,
    cgroupFiles: () => launcherFiles(cgroups),
  });
  const { emit, clock } = options;
  const host: Host = {
    launcher,
    accounts: openAccounts(launcher),
    cgroups,
    clock,
    emit,
    skeleton,
    closing,
  };
  const turn = turns(STARTS_PER_CPU * availableParallelism());
  return {
    kernel: {
      run: (ops) => launcher.run(planOf(kernelOps(ops)), KERNEL_PLAN_MS).then(() => undefined),
      ruleWatch: [program, 'watch-rules'],
    },
    start: async (request: StartRequest, aside = atOnce) => {
      const fill = fillVolumes(host, request);
      if (fill !== undefined) await aside(fill);
      return turn(() => startContainer(host, request));
    },
    adopt: (id, folder) => adopt(host, id, folder),
    remove: (id, folder) => remove(host, id, folder),
    release: (id, folder) => letGo(host, id, folder),
    sweep: (known) => sweep(host, known, options.emit),
    info: async () => describe(host),
    close: async () => closing.end(),
    abandon: async () => {
      closing.end();
      await launcher.shutdown();
    },
    shutdown: async () => {
      closing.end();
      await launcher.shutdown();
      await cgroups.removeAll();
      await shimsGone(cgroups, clock);
      await cgroups.removeAll();
    },
  };
}

const atOnce = (act: () => Promise<void>): Promise<void> => act();

/** A shim outlives its container by what it has to write and unmount; its cgroup is busy so long. */
async function shimsGone(cgroups: Cgroups, clock: Clock): Promise<void> {
  const until = clock.monotonic() + LAUNCHER_END_MS;
  while (cgroups.pids(LAUNCHER_LEAF).length > 0 && clock.monotonic() < until)
    await clock.sleep(LAUNCHER_POLL_MS);
}

function launcherFiles(cgroups: Cgroups): readonly string[] {
  const place = cgroups.launcherDirs();
  return place.v2Dir === undefined ? place.tasksFiles : [...place.tasksFiles, `${place.v2Dir}/cgroup.procs`];
}

async function adopt(host: Host, id: ContainerId, folder: string): Promise<Adopted> {
  const shim = await findShim(folder);
  if (shim !== undefined) {
    const running = openRunning(host, { id, folder, started: shim.started, control: shim.channel });
    return { state: 'running', running };
  }
  const record = readExit(folder);
  if (record !== undefined) {
    await endRest(host, id);
    return { state: 'exited', ...record };
  }
  // A pid 1 that changed its user, or has no pid namespace of its own, outlives its shim.
  await host.cgroups.kill(id);
  // First of all a shim removes the record of the former attempt and makes its socket, which goes at its end.
  return { state: existsSync(join(folder, SHIM_SOCKET)) ? 'lost' : 'none' };
}

async function remove(host: Host, id: ContainerId, folder: string): Promise<void> {
  await host.cgroups.kill(id);
  await host.launcher.run(
    planOf([
      { op: 'lock', folder },
      { op: 'remove-tree', path: folder },
    ]),
  );
  await host.cgroups.remove(id);
}

async function letGo(host: Host, id: ContainerId, folder: string): Promise<void> {
  await host.cgroups.kill(id);
  await host.launcher.run(planOf([{ op: 'lock', folder }]));
  await host.cgroups.remove(id);
}

/** What cannot be swept now (a process that hangs in the kernel) is left to the next daemon, and said. */
async function sweep(host: Host, known: ReadonlySet<ContainerId>, emit: Emit): Promise<void> {
  const strangers = host.cgroups.list().filter((each) => !known.has(each as ContainerId));
  await Promise.all(
    strangers.map(async (id) => {
      try {
        await host.cgroups.kill(id);
        await host.cgroups.remove(id);
      } catch (error) {
        emit('warn', 'processes of a container that nobody knows stay', { id, error: String(error) });
      }
    }),
  );
}

function describe(host: Host): RuntimeInfo {
  return {
    cgroup: host.cgroups.kind,
    kernel: release(),
    missing: missingFeatures(kernelFacts()),
    seccomp: true,
    launcherPid: host.launcher.pid,
  };
}
