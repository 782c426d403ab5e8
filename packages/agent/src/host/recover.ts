/** Crash-only: starting is recovering. Finds containers by their folders, adopts what runs, sweeps what nobody knows. */
import { join } from 'node:path';
import { type Exit, type Health, type Problem, type ResolvedImage, toProblem } from '@orc/model';
import type { Adopted, Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import type { AgentOptions } from '../types.ts';
import { hostnameOf, joinHost, namesOf, sandboxRequest } from './attachment.ts';
import { bootOf } from './boot.ts';
import type { LifeDeps } from './deps.ts';
import { isTask, type Loaded, loadFolders, type State } from './folder.ts';
import { Life } from './life.ts';
import { quarantine } from './quarantine.ts';
import type { Registry } from './registry.ts';
import { hostOf } from './sharing.ts';
import { startWatch } from './stopwatch.ts';

export type Recovered = {
  readonly adopted: number;
  readonly quarantined: readonly string[];
  readonly tookMs: number;
};

/** What has become of a container whose daemon ended. */
export type Found =
  | { readonly running: Running; readonly health: Health }
  /** `told`: by the daemon before. */
  | { readonly attempt: number; readonly startedAt?: number; readonly exit: Exit; readonly told: boolean }
  | Cut;
/** `before`: how the attempt before it ended, `startedAt` when that began. */
type Cut = { readonly cut: number; readonly startedAt?: number; readonly before?: Exit };

export async function recover(options: AgentOptions, deps: LifeDeps, registry: Registry): Promise<Recovered> {
  const began = options.clock.monotonic();
  const watch = startWatch(options.clock);
  const boot = await bootOf(options.run);
  const { rebooted } = boot;
  const { loaded, damaged } = await loadFolders(join(options.root, 'containers'));
  const states = loaded.flatMap(({ damagedState }) => damagedState ?? []);
  const quarantined = [
    ...(await quarantine(options, damaged, 'container folder')),
    ...(await quarantine(options, states, 'state file of a container')),
  ];
  watch.lap('folders');
  const found = await Promise.all(
    loaded.map(async (each): Promise<Reached> => ({ each, ...(await reach(each, options)) })),
  );
  watch.lap('shims');
  // Who runs is known before who ended: that one's sandbox may be shared by it.
  found.sort((a, b) => Number(mayRun(b)) - Number(mayRun(a)));
  const kept = new Set(found.filter(mayRun).flatMap((one) => [one, hostOfFound(one, found) ?? one]));
  await options.network.recover(
    [...kept].map(({ each }) => ({
      container: each.stored.id,
      endpoints: each.state.endpoints,
      ports: each.state.ports,
    })),
  );
  watch.lap('network');
  let running = 0;
  const lives: Life[] = [];
  for (const { each, adopted, later } of found) {
    const life = new Life(each.stored, each.folder, stateAfter(each, adopted), deps);
    registry.add(life);
    lives.push(life);
    if (isTask(each.stored)) life.hold();
    if (adopted?.state === 'running') running += 1;
    const image = await imageOf(each, options);
    const resume = (now: Adopted): void => takeOver(life, each, now, image, rebooted, options);
    if (adopted !== undefined) resume(adopted);
    else void regain(life, each, later as Promise<Adopted>, resume, deps);
  }
  watch.lap('images');
  if (rebooted) await Promise.all(lives.map((life) => life.keepEnd()));
  options.failpoint('agent.recover.settled');
  await boot.note();
  await Promise.all(lives.map((life) => rejoin(life, deps)));
  watch.lap('rejoin');
  await options.runtime.sweep(new Set(loaded.map(({ stored }) => stored.id)));
  for (const life of lives) if (life.running === undefined) life.wake();
  watch.lap('sweep');
  options.emit('debug', 'recovered', { running, ...watch.laps() });
  return { adopted: running, quarantined, tookMs: options.clock.monotonic() - began };
}

/** `later`: of a shim that took too long to be waited for. */
type Reached = { readonly each: Loaded; readonly adopted?: Adopted; readonly later?: Promise<Adopted> };

const mayRun = ({ adopted }: Reached): boolean => adopted === undefined || adopted.state === 'running';

const hostOfFound = (one: Reached, found: readonly Reached[]): Reached | undefined =>
  hostOf(
    one,
    ({ each }) => each.stored,
    ({ owner }, mode) =>
      found.find(({ each: { stored } }) =>
        mode.kind === 'container'
          ? stored.id === mode.container ||
            stored.name === mode.container ||
            stored.id.startsWith(mode.container)
          : stored.owner !== undefined &&
            stored.owner.oneOff !== true &&
            stored.owner.project === owner?.project &&
            stored.owner.service === mode.service &&
            (owner.oneOff === true || stored.owner.slot === owner.slot),
      ),
  );

/** One shim that somebody has stopped keeps nobody else waiting (DECISIONS 16). */
async function reach(
  { stored, folder }: Loaded,
  { runtime, clock }: AgentOptions,
): Promise<Omit<Reached, 'each'>> {
  const later = runtime.adopt(stored.id, folder);
  const abort = new AbortController();
  const late = clock.sleep(LIMITS.adoptMs, abort.signal).then(() => undefined);
  const adopted = await Promise.race([later, late]).catch(() => undefined);
  abort.abort();
  // Whoever asks again sees its failure.
  later.catch(() => {});
  return adopted === undefined ? { later } : { adopted };
}

/** Asks again and again until its shim answers, or is gone; then it is taken over as at the start. */
async function regain(
  life: Life,
  { stored, folder }: Loaded,
  first: Promise<Adopted>,
  resume: (adopted: Adopted) => void,
  deps: LifeDeps,
): Promise<void> {
  const { runtime, clock, emit, closing } = deps;
  const { name } = stored;
  life.lose(outOfReach(name, 'its shim does not answer'));
  emit('error', 'a container cannot be reached; it is left alone until it can', { container: name });
  let attempt = first;
  for (;;) {
    const adopted = await attempt.catch((error: unknown) => {
      life.lose(outOfReach(name, toProblem(error).message));
    });
    if (adopted !== undefined) {
      resume(adopted);
      break;
    }
    await clock.sleep(LIMITS.adoptRetryMs, closing);
    if (closing.aborted) return;
    attempt = runtime.adopt(stored.id, folder);
  }
  await rejoin(life, deps);
  life.find();
}

const outOfReach = (name: string, why: string): Problem => ({
  code: 'timeout',
  message: `container ${name} cannot be reached: ${why}`,
  hint: 'is its shim stopped? It is asked again and again',
  retry: true,
});

/** What an acknowledged start implies, even if the daemon died before it wrote so. */
function stateAfter({ stored, state }: Loaded, adopted: Adopted | undefined): State {
  if (isTask(stored)) return state;
  const started = adopted?.state !== 'none' || state.attempt > 0;
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
    life.adopt(
      {
        attempt: adopted.attempt,
        exit: adopted.exit,
        startedAt: adopted.startedAt,
        told: isSame(adopted.exit, exit),
      },
      image,
    );
  else if (exit !== undefined) life.adopt({ attempt, exit, told: true }, image);
  else if (adopted.state === 'lost')
    life.adopt({ attempt, exit: lostExit(rebooted, options.clock.now()), told: false }, image);
  else if (attempt > 0)
    life.adopt(
      { cut: attempt, ...beforeCut(state, adopted, lostExit(rebooted, options.clock.now())) },
      image,
    );
  else if (image !== undefined && state.imageId !== undefined) life.prepared(image);
}

/** One that has begun before is one that has ended: whoever waits for that would wait for ever. */
function beforeCut({ attempt, before }: State, adopted: Adopted, unknown: Exit): Omit<Cut, 'cut'> {
  if (adopted.state === 'exited') return { before: adopted.exit, startedAt: adopted.startedAt };
  return attempt > 1 ? { before: before ?? unknown } : {};
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

const imageOf = async (
  { stored, state }: Loaded,
  { images }: AgentOptions,
): Promise<ResolvedImage | undefined> =>
  images.resolve(state.imageId ?? stored.spec.imageId ?? stored.spec.image).catch(() => undefined);

/** Networks that others may join: the sandbox of a running container is found again by its id. */
async function rejoin(life: Life, deps: LifeDeps): Promise<void> {
  const { spec, name } = life.stored;
  const mode = spec.networkMode?.kind;
  if (life.running === undefined || mode === 'service' || mode === 'container') return;
  try {
    if (mode === 'host') return life.rejoin(await joinHost(spec));
    const hostname = hostnameOf(life.stored);
    const request = sandboxRequest(life.stored, hostname, life.state.endpoints);
    const { namespace, etc } = await deps.network.sandbox(request);
    life.rejoin({ namespace, etc, hostname });
    deps.network.register(life.id, namesOf(life.stored, life.state.endpoints));
  } catch (error) {
    deps.emit('error', 'the network of a container was not found again', {
      container: name,
      error: String(error),
    });
  }
}
