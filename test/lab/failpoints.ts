/** The failpoints of docs/failpoints.md, and work that comes by them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@orc/api/client';
import { type Adoption, adoptionOf } from './crash.ts';
import { composed, upOf } from './composed.ts';
import { forever, idle } from './engine.ts';
import type { Fleet } from './fleet.ts';
import type { Instance } from './instance.ts';
import { projectText, settled, type Wanted } from './workload-project.ts';

const TABLE = join(import.meta.dirname, '../../docs/failpoints.md');

export const failpoints = (): readonly string[] =>
  [...readFileSync(TABLE, 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] as string);

/** Come by when a root is made, and never again. */
export const FIRST: readonly string[] = failpoints().filter((name) =>
  /^raft\.(identity|segment\.(filled|headed|named))/.test(name),
);
export const LATER: readonly string[] = failpoints().filter((name) => !FIRST.includes(name));

/** A place, and what comes by it first: `task` has a project's containers do so before any plain one. */
export type Place = { readonly failpoint: string; readonly first: 'container' | 'task' };

/** Those of the agent are come by with both kinds of containers. */
export const placesOf = (names: readonly string[]): readonly Place[] =>
  names.flatMap((failpoint): Place[] => [
    { failpoint, first: 'container' },
    ...(failpoint.startsWith('agent.') ? [{ failpoint, first: 'task' } as const] : []),
  ]);

/** What was acknowledged: a check each, which says what is wrong. */
export type Facts = Map<string, () => Promise<boolean>>;

type Check = () => Promise<boolean>;
/** Makes its key unsure while it is under way; rejects when the daemon dies. */
type Step = (key: string, work: () => Promise<unknown>, check: Check) => Promise<void>;

export async function goBy(
  client: Client,
  serial: number,
  facts: Facts,
  { failpoint, first }: Place,
): Promise<void> {
  const step: Step = async (key, work, check) => {
    facts.delete(key);
    await work();
    facts.set(key, check);
  };
  if (first === 'task') await projectLife(client, serial, facts);
  await containerLife(client, serial, step);
  await imageLife(client, serial, step);
  await projectLife(client, serial, facts);
  if (/^raft\.(snapshot|segment)/.test(failpoint)) await fillLog(client, serial, failpoint);
}

async function containerLife(client: Client, serial: number, step: Step): Promise<void> {
  const [box, volume] = [`box-${serial}`, `volume-${serial}`];
  const statusIs = (wanted: string) => async (): Promise<boolean> =>
    (await client.getContainer(box)).status === wanted;
  const isGone = async (): Promise<boolean> =>
    (await client.listContainers({ all: true })).every(({ name }) => name !== box);
  const hasVolume = async (): Promise<boolean> =>
    (await client.listVolumes()).some(({ name }) => name === volume);
  const mounts = [{ type: 'volume', source: volume, target: '/data' }] as const;
  await step(volume, () => client.createVolume(volume, { driver: 'local' }), hasVolume);
  await step(box, () => client.createContainer({ name: box, spec: idle({ mounts }) }), statusIs('created'));
  await step(box, () => client.startContainer(box), statusIs('running'));
  await step(box, () => client.stopContainer(box, { timeoutMs: 0 }), statusIs('exited'));
  await step(box, () => client.removeContainer(box, {}), isGone);
  const hasNone = async (): Promise<boolean> => !(await hasVolume());
  await step(volume, () => client.removeVolume(volume, {}), hasNone);
}

async function imageLife(client: Client, serial: number, step: Step): Promise<void> {
  const image = `made-${serial}:latest`;
  const has = (name: string) => async (): Promise<boolean> =>
    (await client.listImages()).some((each) => JSON.stringify(each).includes(name));
  await step(image, () => importImage(client, image, String(serial)), has(image));
  await step(`built-${serial}`, () => build(client, serial), has(`built-${serial}:`));
  await step(
    image,
    () => client.removeImage(image, { force: true }),
    async () => !(await has(image)()),
  );
}

const QUICK = { timeoutMs: 0 };

/** Whatever was acknowledged of it, or was under way, comes about. */
async function projectLife(client: Client, serial: number, facts: Facts): Promise<void> {
  const name = `project-${serial}`;
  let now: Wanted = 'absent';
  const step = async (wanted: Wanted, work: () => Promise<unknown>): Promise<void> => {
    facts.set(name, becomes(client, name, [now, wanted]));
    await work();
    facts.set(name, becomes(client, name, [wanted]));
    now = wanted;
    await settled(client, name, [wanted]);
  };
  const [one, two] = [1, 2].map((web) => ({ web, variant: 0, running: true }) as const) as [Wanted, Wanted];
  await step(one, async () => upOf(client, await composed(name, projectText(1, 0)), QUICK));
  await step(two, () => client.actProject(name, { kind: 'scale', scale: { web: 2 }, ...QUICK }));
  await step('absent', () => client.removeProject(name, QUICK));
}

const becomes = (client: Client, name: string, may: readonly Wanted[]) => async (): Promise<boolean> => {
  await settled(client, name, may);
  return true;
};

async function importImage(client: Client, reference: string, text: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-layer-'));
  try {
    writeFileSync(join(folder, 'file'), text);
    const { stdout } = spawnSync('tar', ['-c', '-C', folder, 'file']);
    const parts = async function* (): AsyncIterable<Uint8Array> {
      yield stdout;
    };
    await client.importImage(parts(), { reference });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function build(client: Client, serial: number): Promise<void> {
  const dockerfile = `FROM busybox\nRUN echo ${serial} > /serial\n`;
  const options = {
    spec: { context: '/' },
    dockerfile,
    dockerfileName: 'Dockerfile',
    tags: [`built-${serial}`],
  };
  for await (const { problem } of client.build(null, options, forever()))
    if (problem !== undefined) throw new Error(problem.message);
}

const LABEL_BYTES = 500_000;
const LABELS = 20;

/** Past the size at which the log is cut by a snapshot. */
async function fillLog(client: Client, serial: number, failpoint: string): Promise<void> {
  const count = failpoint === 'raft.segment.release' ? 2 * LABELS : LABELS;
  for (let index = 0; index < count; index += 1) {
    const name = `fat-${serial}-${index}`;
    await client.createVolume(name, { driver: 'local', labels: { fat: 'x'.repeat(LABEL_BYTES) } });
    await client.removeVolume(name, {});
  }
}

export type Passed = { readonly wrong: readonly string[]; readonly adoption: Adoption };

/** Work until the daemon dies at the place; then another daemon, and a look at all that must hold. */
export async function dieAt(instance: Instance, fleet: Fleet, serial: number, place: Place): Promise<Passed> {
  const facts: Facts = new Map();
  await instance.stop('SIGKILL');
  const died = await instance.start({ ORC_FAILPOINT: place.failpoint }).then(
    () =>
      goBy(instance.client, serial, facts, place).then(
        () => false,
        () => true,
      ),
    () => true,
  );
  if (!died) return { wrong: ['nothing came by it'], adoption: adoptionOf(instance.log()) };
  await instance.ended();
  await instance.start();
  const adoption = adoptionOf(instance.log());
  const wrong = [...(await brokenOf(facts)), ...(await fleet.check(instance.client))];
  const { quarantined } = await instance.client.info();
  wrong.push(...quarantined.map((each) => `${each} was set aside`));
  await tidyUp(instance, fleet);
  return { wrong, adoption };
}

async function brokenOf(facts: Facts): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [key, holds] of facts) {
    const held = await holds().catch(({ message }: Error) => message);
    if (held !== true) wrong.push(`${key} does not hold${held === false ? '' : `: ${held}`}`);
  }
  return wrong;
}

/** The same work succeeds after the crash. */
async function tidyUp({ client }: Instance, { ids }: Fleet): Promise<void> {
  for (const { name } of (await client.listProjects(true)).filter((each) =>
    each.name.startsWith('project-'),
  )) {
    await client.removeProject(name, QUICK);
    await settled(client, name, ['absent']);
  }
  for (const { id, status } of await client.listContainers({ all: true })) {
    if (ids.includes(id)) continue;
    if (status !== 'running') await client.startContainer(id);
    await client.removeContainer(id, { force: true, volumes: true });
  }
  for (const { name } of await client.listVolumes())
    if (/^(volume|fat)-/.test(name)) await client.removeVolume(name, {});
}
