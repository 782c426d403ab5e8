/** What the engine's commands do to the containers of this host. */
import {
  type Container,
  type ContainerSpec,
  containerNameFault,
  type Exit,
  fail,
  hostAddressFault,
  macFault,
  newContainerId,
  OrcError,
  type Random,
  type TaskDesired,
} from '@orc/model';
import { type LogQuery, type LogText, readLog } from '@orc/telemetry';
import { LIMITS } from '../limits.ts';
import { randomName } from '../plan/names.ts';
import type { Containers } from '../types.ts';
import type { LifeDeps } from './deps.ts';
import { openExecs } from './execs.ts';
import type { Life } from './life.ts';
import type { Registry } from './registry.ts';
import { logFolder } from './start.ts';

const INITIAL_GENERATION = 0;

export function openContainers(deps: LifeDeps, registry: Registry, random: Random): Containers {
  const execs = openExecs(random);
  const { find, runningOf } = registry;
  return {
    list: () => [...registry.lives.values()].map((life) => life.record()),
    get: (reference) => find(reference).record(),
    create: (request) => create(request, registry, random),
    start: async (reference) => start(find(reference)),
    stop: async (reference, options = {}) => stop(find(reference), options),
    restart: async (reference, options = {}) => {
      const life = find(reference);
      await stop(life, options);
      await start(life);
      deps.event(life.stored, 'restart', {});
    },
    kill: async (reference, signal) => {
      runningOf(reference);
      const life = find(reference);
      await life.signal(signal);
      deps.event(life.stored, 'kill', { signal });
    },
    mustBeStopped: (reference) => mustBeStopped(find(reference)),
    remove: async (reference, options = {}) => remove(find(reference), options),
    wait: (reference, condition, signal) => wait(find(reference), condition, signal),
    attach: async (reference, options) => {
      const life = find(reference);
      return mayAttachEarly(life) ? life.attachEarly(options) : runningOf(reference).attach(options);
    },
    resize: async (reference, columns, rows) => find(reference).resize(columns, rows),
    logs: (reference, query) => logs(find(reference), query, deps.root),
    stats: async (reference) => runningOf(reference).stats(),
    createExec: (reference, request) => {
      const { stored } = find(reference);
      const tell = (action: string, attributes: Readonly<Record<string, string>>): void =>
        deps.event(stored, action, attributes);
      return execs.create(runningOf(reference), request, tell);
    },
    getExec: (id) => execs.get(id),
  };
}

function logs(life: Life, query: LogQuery, root: string): AsyncIterable<LogText> {
  if (life.stored.spec.logging?.driver === 'none') {
    throw fail('conflict.state', `container ${life.stored.name} keeps no logs`, {
      hint: 'its logging driver is none',
    });
  }
  const folder = logFolder(life.stored, life.folder, root);
  if (query.follow !== true) return readLog(folder, query);
  const over = (): boolean => isOver(life);
  // Whoever stops following ends the wait too; the reader hears of it by the same signal.
  const ended = life.until(over, query.signal).catch(() => {});
  return readLog(folder, query, ended);
}

const isOver = (life: Life): boolean => !['running', 'restarting'].includes(life.record().status);

/** What rests is attached to before it is started; what starts again by itself is not: nobody knows when. */
const mayAttachEarly = (life: Life): boolean =>
  life.running === undefined && ['created', 'exited', 'dead'].includes(life.record().status);

async function create(
  request: Parameters<Containers['create']>[0],
  registry: Registry,
  random: Random,
): Promise<Container> {
  const name = request.name ?? freeName(registry, random);
  const fault = containerNameFault(name);
  if (fault !== undefined) throw fail('input.invalid', fault.message, { hint: fault.hint });
  mustBeSound(request.spec);
  const id = newContainerId((count) => random.bytes(count));
  const desired: TaskDesired = { state: 'ready', generation: INITIAL_GENERATION };
  const life = await registry.make({ id, name, spec: request.spec, desired });
  await life.until(() => life.image !== undefined || life.problem !== undefined);
  if (life.image !== undefined) return life.record();
  const problem = life.problem;
  life.desire({ state: 'remove', generation: INITIAL_GENERATION });
  await life.until(() => life.removed || life.stuck !== undefined);
  throw new OrcError(problem as NonNullable<typeof problem>);
}

/** What would show only at its start. */
function mustBeSound({ networkMode, extraHosts = [] }: ContainerSpec): void {
  const attachments = networkMode?.kind === 'networks' ? networkMode.attachments : [];
  const faults = [
    ...attachments.map(({ mac }) => (mac === undefined ? undefined : macFault(mac))),
    ...extraHosts.map(({ name, address }) => hostAddressFault(name, address)),
  ];
  const fault = faults.find((each) => each !== undefined);
  if (fault !== undefined) throw fail('input.invalid', fault.message, { hint: fault.hint });
}

function freeName(registry: Registry, random: Random): string {
  for (let attempt = 0; attempt < LIMITS.nameAttempts; attempt += 1) {
    const name = randomName(() => random.number(), attempt);
    if (!registry.isTaken(name)) return name;
  }
  throw fail('internal', 'found no free name for a container', { hint: 'give one with --name' });
}

async function start(life: Life): Promise<void> {
  if (life.running !== undefined) return;
  if (life.outOfReach !== undefined) throw new OrcError(life.outOfReach);
  if (life.state.desired.state === 'remove')
    throw fail('conflict.state', `container ${life.stored.name} is being removed`, {
      hint: 'wait for that: orc container wait --condition removed',
    });
  // Who asks while a start is under way waits for that one.
  const { desired, actedGeneration } = life.state;
  const underWay =
    desired.state === 'run' && desired.generation > actedGeneration && life.problem === undefined;
  const generation = underWay ? desired.generation : desired.generation + 1;
  if (!underWay) life.desire({ state: 'run', generation });
  await life.until(
    () => life.removed || life.problem !== undefined || life.state.actedGeneration >= generation,
  );
  if (life.problem !== undefined && life.state.actedGeneration < generation) throw new OrcError(life.problem);
}

async function stop(
  life: Life,
  options: { readonly graceMs?: number; readonly signal?: string },
): Promise<void> {
  life.desire({ state: 'stop', generation: life.state.desired.generation }, options);
  await reached(life, () => life.removed || (life.running === undefined && life.idle));
}

/** Whoever asked hears why a step fails; it goes on being tried. */
async function reached(life: Life, test: () => boolean): Promise<void> {
  const isThere = (): boolean => life.outOfReach === undefined && test();
  await life.until(() => isThere() || life.stuck !== undefined);
  if (!isThere() && life.stuck !== undefined) throw new OrcError(life.stuck);
}

function mustBeStopped({ running, stored }: Life): void {
  if (running === undefined) return;
  throw fail('conflict.state', `container ${stored.name} is running: stop it before removing it`, {
    hint: 'or remove it with --force',
  });
}

async function remove(
  life: Life,
  options: { readonly force?: boolean; readonly volumes?: boolean },
): Promise<void> {
  if (options.force !== true) mustBeStopped(life);
  const desired: TaskDesired = {
    state: 'remove',
    generation: life.state.desired.generation,
    removeVolumes: options.volumes === true,
  };
  life.desire(options.force === true ? { ...desired, kill: 'SIGKILL' } : desired);
  await reached(life, () => life.removed);
}

async function wait(
  life: Life,
  condition: 'not-running' | 'next-exit' | 'removed',
  signal: AbortSignal,
): Promise<Exit> {
  const before = life.record().exit;
  const over = {
    'not-running': () => isOver(life),
    'next-exit': () => life.removed || (isOver(life) && life.record().exit !== before),
    removed: () => life.removed,
  }[condition];
  await life.until(over, signal);
  return (
    life.record().exit ?? { code: 0, oomKilled: false, at: life.stored.createdAt, reason: 'never started' }
  );
}
