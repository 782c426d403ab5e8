/** The failpoints of docs/failpoints.md, and work that comes by them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@orc/api/client';
import { forever, idle } from './engine.ts';

const TABLE = join(import.meta.dirname, '../../docs/failpoints.md');

export const failpoints = (): readonly string[] =>
  [...readFileSync(TABLE, 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] as string);

/** What was acknowledged: a check each, which says what is wrong. */
export type Facts = Map<string, () => Promise<boolean>>;

/** Each step makes its key unsure while it is under way; rejects when the daemon dies. */
export async function goBy(client: Client, serial: number, facts: Facts, failpoint: string): Promise<void> {
  const step = async (
    key: string,
    work: () => Promise<unknown>,
    check: () => Promise<boolean>,
  ): Promise<void> => {
    facts.delete(key);
    await work();
    facts.set(key, check);
  };
  const [box, image, volume] = [`box-${serial}`, `made-${serial}:latest`, `volume-${serial}`];
  const statusIs = (wanted: string) => async (): Promise<boolean> =>
    (await client.getContainer(box)).status === wanted;
  const isGone = async (): Promise<boolean> =>
    (await client.listContainers({ all: true })).every(({ name }) => name !== box);
  const hasImage = (name: string) => async (): Promise<boolean> =>
    (await client.listImages()).some((each) => JSON.stringify(each).includes(name));
  const hasVolume = async (): Promise<boolean> =>
    (await client.listVolumes()).some(({ name }) => name === volume);
  const mounts = [{ type: 'volume', source: volume, target: '/data' }] as const;

  await step(volume, () => client.createVolume(volume, { driver: 'local' }), hasVolume);
  await step(box, () => client.createContainer({ name: box, spec: idle({ mounts }) }), statusIs('created'));
  await step(box, () => client.startContainer(box), statusIs('running'));
  await step(box, () => client.stopContainer(box, { timeoutMs: 0 }), statusIs('exited'));
  await step(box, () => client.removeContainer(box, {}), isGone);
  await step(image, () => importImage(client, image, String(serial)), hasImage(image));
  await step(`built-${serial}`, () => build(client, serial), hasImage(`built-${serial}:`));
  await step(
    image,
    () => client.removeImage(image, { force: true }),
    async () => !(await hasImage(image)()),
  );
  if (/^raft\.(snapshot|segment)/.test(failpoint)) await fillLog(client, serial, failpoint);
}

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
