/** Fifty containers and clients at work; the daemon is killed at random instants, again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Adoption, adoptionOf, CLEAN_MS, kindsLeft, rulesOf, untilClean } from './crash.ts';
import { type Ending, startEnding } from './ending.ts';
import { idle, startNew } from './engine.ts';
import { FIFTY, type Fleet, type FleetSize, startFleet } from './fleet.ts';
import type { Instance } from './instance.ts';
import { seededAt } from './seeded.ts';
import { projectWorker } from './workload-project.ts';
import { readerWorker } from './workload-reader.ts';
import { containersWorker, type Worker } from './workload.ts';

export type Rounds = {
  readonly seed: number;
  readonly rounds: number;
  /** Where to begin in the sequence: a round is the same whatever came before it. */
  readonly first?: number;
  readonly size?: FleetSize;
  readonly say?: (line: string) => void;
};

export type Result = {
  /** One for each daemon that was started and lived. */
  readonly adoptions: readonly Adoption[];
  readonly kills: number;
  /** Rounds that found something wrong, as text with the command that runs each again. */
  readonly failures: readonly string[];
};

export async function killAtRandom(instance: Instance, options: Rounds): Promise<Result> {
  const { seed, rounds, first = 0, size = FIFTY, say = () => {} } = options;
  const rules = await rulesOfIdle(instance);
  const fleet = await startFleet(instance.client, size);
  const adoptions: Adoption[] = [];
  const failures: string[] = [];
  let kills = 0;
  for (let round = first; round < first + rounds; round += 1) {
    const done = await killOnce(instance, fleet, seed, round);
    kills += done.kills;
    adoptions.push(done.adoption);
    say(told(round, done));
    if (done.wrong.length === 0) continue;
    failures.push(failureOf(seed, round, done));
    say(failures.at(-1) as string);
    await fleet.accept(instance.client);
  }
  failures.push(...(await atTheEnd(instance, fleet, rules)));
  return { adoptions, kills, failures };
}

/** What the instance's table holds when it has no container, after its first. */
async function rulesOfIdle(instance: Instance): Promise<string> {
  const id = await startNew(instance.client, idle());
  await instance.client.removeContainer(id, { force: true });
  await untilClean(instance);
  return rulesOf(instance);
}

type Round = {
  readonly atMs: number;
  readonly kills: number;
  readonly adoption: Adoption;
  readonly wrong: readonly string[];
  readonly traces: readonly (readonly string[])[];
  /** What the daemons of this round said. */
  readonly log: string;
};

const INSTANT_MS_MAX = 500;
const START_MS_MAX = 900;
const DIES_STARTING = 0.25;
const CODES = 100;

async function killOnce(instance: Instance, fleet: Fleet, seed: number, round: number): Promise<Round> {
  const { client } = instance;
  const draw = seededAt(seed, round);
  const workers = workersOf(fleet, seed, round);
  const before = instance.log().length;
  const ending = await startEnding(client, 1 + (round % CODES));
  const atMs = draw() * INSTANT_MS_MAX;
  await killDuring(instance, workers, atMs);
  await ending.end();
  const again = draw() < DIES_STARTING;
  if (again) await killStarting(instance, draw() * START_MS_MAX);
  await instance.start();
  const wrong = await wrongAfter(instance, fleet, workers, ending);
  return {
    atMs,
    kills: again ? 2 : 1,
    adoption: adoptionOf(instance.log()),
    wrong,
    traces: workers.map(({ trace }) => trace),
    log: instance.log().slice(before),
  };
}

const workersOf = (fleet: Fleet, seed: number, round: number): readonly Worker[] => [
  containersWorker('a-', seededAt(seed, round, 1)),
  containersWorker('b-', seededAt(seed, round, 2)),
  projectWorker('work', seededAt(seed, round, 3)),
  readerWorker(fleet, seededAt(seed, round, 4)),
];

async function killDuring(instance: Instance, workers: readonly Worker[], atMs: number): Promise<void> {
  const abort = new AbortController();
  const work = Promise.all(workers.map((each) => each.run(instance.client, abort.signal)));
  await Promise.race([sleep(atMs), work]);
  await instance.stop('SIGKILL');
  abort.abort();
  await work;
}

/** While it finds again what there is. */
async function killStarting(instance: Instance, atMs: number): Promise<void> {
  const started = instance.start().catch(() => {});
  await sleep(atMs);
  await instance.stop('SIGKILL');
  await started;
}

async function wrongAfter(
  { client }: Instance,
  fleet: Fleet,
  workers: readonly Worker[],
  ending: Ending,
): Promise<readonly string[]> {
  const wrong = [
    ...(await fleet.check(client)),
    ...(await ending.check(client)),
    ...(await Promise.all(workers.map((each) => each.check(client)))).flat(),
    ...(await client.info()).quarantined.map((each) => `${each} was set aside`),
  ];
  const cleared = await Promise.allSettled([
    ending.remove(client),
    ...workers.map((each) => each.clear(client)),
  ]);
  return [...wrong, ...cleared.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))];
}

const told = (round: number, { atMs, adoption, kills, wrong }: Round): string =>
  `round ${round}: killed after ${atMs.toFixed(0)} ms${kills > 1 ? ' and while starting' : ''}, ` +
  `adopted ${adoption.adopted} in ${adoption.adoptionMs.toFixed(0)} ms, ${wrong.length === 0 ? 'whole' : 'WRONG'}`;

const replay = (seed: number, round: number): string =>
  `ORC_TEST_LONG=1 ORC_SEED=${seed} ORC_FIRST=${round} ORC_ROUNDS=1 npx vitest run test/e2e/crash.long.test.ts`;

function failureOf(seed: number, round: number, { atMs, wrong, traces, log }: Round): string {
  const work = traces.map((trace) => `  did ${trace.join('; ')}`);
  const noted = log.split('\n').filter((line) => /"level":[456]0/.test(line));
  return [
    `round ${round}, killed after ${atMs.toFixed(1)} ms; again with:\n  ${replay(seed, round)}`,
    ...wrong.map((line) => `  ${line}`),
    ...work,
    ...noted,
  ].join('\n');
}

/** Every log is whole; then everything goes, and in time. */
async function atTheEnd(instance: Instance, fleet: Fleet, rules: string): Promise<readonly string[]> {
  const wrong = [...(await fleet.logs(instance.client))];
  const missing = MADE.filter((kind) => !kindsLeft(instance).includes(kind));
  if (missing.length > 0) wrong.push(`the look at what is left sees no ${missing.join(', ')}`);
  await fleet.remove(instance.client);
  const began = performance.now();
  await untilClean(instance).catch(({ message }: Error) => wrong.push(message));
  const after = rulesOf(instance);
  if (after !== rules) wrong.push(`rules are left:\n${after}\nbefore there were\n${rules}`);
  const tookMs = performance.now() - began;
  if (tookMs > CLEAN_MS) wrong.push(`it took ${tookMs} ms until nothing was left`);
  return wrong;
}

/** What a container has on this host: a look that finds none of a kind would not find what is left of it. */
const MADE: readonly string[] = ['cgroup', 'folder', 'link', 'mount', 'process', 'rule'];
