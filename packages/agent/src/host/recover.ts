/** Crash-only: starting is recovering. Finds containers by their folders, adopts what runs, sweeps what nobody knows. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Exit, ResolvedImage } from '@orc/model';
import type { Adopted } from '@orc/runtime';
import type { AgentOptions } from '../types.ts';
import { hostnameOf, joinHost, namesOf, sandboxRequest } from './attachment.ts';
import type { Registry } from './registry.ts';
import type { LifeDeps } from './deps.ts';
import { type Loaded, loadFolders, type State, type Stored } from './folder.ts';
import { Life } from './life.ts';
import { startWatch } from './stopwatch.ts';

export type Recovered = {
  readonly adopted: number;
  readonly quarantined: readonly string[];
  readonly tookMs: number;
};

export async function recover(options: AgentOptions, deps: LifeDeps, registry: Registry): Promise<Recovered> {
  const began = options.clock.monotonic();
  const watch = startWatch(options.clock);
  const rebooted = await noteBoot(options.run);
  const { loaded, damaged } = await loadFolders(join(options.root, 'containers'));
  const quarantined = await quarantine(options, damaged);
  watch.lap('folders');
  const found = await Promise.all(
    loaded.map(async (each) => ({ each, adopted: await options.runtime.adopt(each.stored.id, each.folder) })),
  );
  watch.lap('shims');
  await options.network.recover(
    found
      .filter(({ adopted }) => adopted.state === 'running')
      .map(({ each }) => ({
        container: each.stored.id,
        endpoints: each.state.endpoints,
        ports: each.state.ports,
      })),
  );
  watch.lap('network');
  let running = 0;
  const lives: Life[] = [];
  for (const { each, adopted } of found) {
    const life = new Life(each.stored, each.folder, stateAfter(each, adopted), deps);
    registry.add(life);
    lives.push(life);
    if (isTask(each.stored)) life.hold();
    if (adopted.state === 'running') running += 1;
    takeOver(life, each, adopted, await imageOf(each, options), rebooted, options);
  }
  watch.lap('images');
  await rejoin(
    lives,
    found.map(({ adopted }) => adopted),
    deps,
  );
  watch.lap('rejoin');
  await options.runtime.sweep(new Set(loaded.map(({ stored }) => stored.id)));
  for (const life of lives) if (life.running === undefined) life.wake();
  watch.lap('sweep');
  options.emit('debug', 'recovered', { running, ...watch.laps() });
  return { adopted: running, quarantined, tookMs: options.clock.monotonic() - began };
}

const isTask = ({ owner }: Stored): boolean => owner !== undefined && owner.oneOff !== true;

/** What an acknowledged start implies, even if the daemon died before it wrote so. */
function stateAfter({ stored, state }: Loaded, adopted: Adopted): State {
  if (isTask(stored)) return state;
  const started = adopted.state !== 'none' || state.attempt > 0;
  if (!started || state.desired.state !== 'ready') return state;
  const generation = Math.max(1, state.actedGeneration);
  return { ...state, actedGeneration: generation, desired: { state: 'run', generation } };
}

function takeOver(
  life: Life,
  { state }: Loaded,
  adopted: Adopted,
  image: ResolvedImage | undefined,
  rebooted: boolean,
  options: AgentOptions,
): void {
  const { attempt, exit } = state;
  if (adopted.state === 'running')
    life.adopt({ running: adopted.running, health: state.health ?? 'none' }, image);
  else if (adopted.state === 'exited' && adopted.attempt >= attempt)
    life.adopt({ attempt: adopted.attempt, exit: adopted.exit, told: isSame(adopted.exit, exit) }, image);
  else if (exit !== undefined) life.adopt({ attempt, exit, told: true }, image);
  else if (adopted.state === 'lost')
    life.adopt({ attempt, exit: lostExit(rebooted, options.clock.now()), told: false }, image);
  else if (attempt > 0)
    life.adopt({ cut: attempt, ...(adopted.state === 'exited' ? { before: adopted.exit } : {}) }, image);
  else if (image !== undefined && state.imageId !== undefined) life.prepared(image);
}

/** Who ended before the daemon did was settled, and its end told. */
const isSame = (exit: Exit, settled: Exit | undefined): boolean =>
  settled !== undefined && settled.at === exit.at && settled.code === exit.code;

const lostExit = (rebooted: boolean, at: number): Exit => ({
  code: 137,
  signal: 'SIGKILL',
  oomKilled: false,
  at,
  reason: rebooted ? 'reboot' : 'shim lost',
});

/** DECISIONS 4: a reboot is known by the kernel's boot id and a marker in the run folder. */
async function noteBoot(run: string): Promise<boolean> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const marker = join(run, 'boot-id');
  const before = await readFile(marker, 'utf8').catch(() => '');
  await mkdir(run, { recursive: true, mode: 0o711 });
  await writeFile(marker, boot);
  return before !== boot;
}

const imageOf = async (
  { stored, state }: Loaded,
  { images }: AgentOptions,
): Promise<ResolvedImage | undefined> =>
  images.resolve(state.imageId ?? stored.spec.imageId ?? stored.spec.image).catch(() => undefined);

async function quarantine(
  { root, emit, clock }: AgentOptions,
  damaged: readonly string[],
): Promise<readonly string[]> {
  const folder = join(root, 'quarantine');
  if (damaged.length > 0) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const each of damaged) {
    await rename(each, join(folder, `${basename(each)}-${clock.now()}`));
    emit('error', 'a container folder is damaged and was set aside', { folder: each });
  }
  return damaged.map((each) => basename(each));
}

/** Networks that others may join: the sandbox of a running container is found again by its id. */
async function rejoin(lives: readonly Life[], adopted: readonly Adopted[], deps: LifeDeps): Promise<void> {
  await Promise.all(
    lives.map(async (life, index) => {
      const { spec } = life.stored;
      const mode = spec.networkMode?.kind;
      if (adopted[index]?.state !== 'running' || mode === 'service' || mode === 'container') return;
      if (mode === 'host') return life.rejoin(await joinHost(spec));
      const hostname = hostnameOf(life.stored);
      const request = sandboxRequest(life.stored, hostname, life.state.endpoints);
      const { namespace, etc } = await deps.network.sandbox(request);
      life.rejoin({ namespace, etc, hostname });
      deps.network.register(life.id, namesOf(life.stored, life.state.endpoints));
    }),
  );
}
