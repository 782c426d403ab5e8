/** A client that brings a project up, scales, stops, starts it and takes it down, over and over. */
import type { Client, ContainerSummary } from '@orc/api/client';
import { OrcError } from '@orc/model';
import { composed, upOf } from './composed.ts';
import { idleScript, shell } from './fleet.ts';
import { until } from './instance.ts';
import { hasGone, pickOf, traced, type Worker, workOn } from './workload.ts';

export type Wanted = { readonly web: number; readonly variant: number; readonly running: boolean } | 'absent';
type Kind = 'up' | 'scale' | 'stop' | 'start' | 'restart' | 'down' | 'settle';

const WEB_MAX = 3;
const VARIANTS = 2;
const SETTLE_MS = 30_000;

/** Tasks of two services; `variant` stands in the containers of both, so that another recreates them. */
export const projectText = (web: number, variant: number): string => `
services:
  db: { image: busybox, command: ${shell(idleScript)}, environment: { VARIANT: '${variant}' }, labels: { variant: '${variant}' } }
  web:
    image: busybox
    command: ${shell(idleScript)}
    labels: { variant: '${variant}' }
    depends_on: [db]
    restart: always
    scale: ${web}
`;

export function projectWorker(name: string, random: () => number): Worker {
  let may: readonly Wanted[] = ['absent'];
  const trace: string[] = [];
  const number = (max: number): number => Math.floor(random() * max);
  const next = (kind: Exclude<Kind, 'settle'>, now: Wanted): Wanted => {
    if (kind === 'up') return { web: 1 + number(WEB_MAX), variant: number(VARIANTS), running: true };
    if (kind === 'down' || now === 'absent') return 'absent';
    if (kind === 'scale') return { ...now, web: 1 + number(WEB_MAX) };
    return { ...now, running: kind !== 'stop' };
  };
  const step = async (client: Client): Promise<void> => {
    const now = may[0] as Wanted;
    const kind = pickOf(random, kindsFor(now));
    if (kind === 'settle') return traced(trace, 'settle', settled(client, name, may));
    const wanted = next(kind, now);
    may = [now, wanted];
    const did = act(client, name, kind, wanted).then(
      () => wanted,
      (error: unknown) => {
        if (kind === 'start' && hasNone(error)) return now;
        throw error;
      },
    );
    await traced(trace, `${kind} ${name} ${JSON.stringify(wanted)}`, did);
    may = [await did];
  };
  return {
    trace,
    run: (client, signal) => workOn(() => step(client), signal),
    check: (client) =>
      settled(client, name, may).then(
        () => [],
        (error: Error) => [error.message],
      ),
    async clear(client) {
      if (await isThere(client, name)) await client.removeProject(name, { timeoutMs: 0 });
      await settled(client, name, ['absent']);
    },
  };
}

/** `start` of a service that was stopped before it had a container. */
const hasNone = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'conflict.state';

const kindsFor = (now: Wanted): readonly Kind[] => {
  if (now === 'absent') return ['up'];
  return now.running
    ? ['up', 'up', 'scale', 'scale', 'stop', 'restart', 'down', 'settle', 'settle']
    : ['up', 'start', 'down', 'settle'];
};

async function act(client: Client, name: string, kind: Kind, wanted: Wanted): Promise<void> {
  const quick = { timeoutMs: 0 };
  if (kind === 'down') await client.removeProject(name, quick);
  if (wanted === 'absent') return;
  const { web, variant } = wanted;
  if (kind === 'up') await upOf(client, await composed(name, projectText(web, variant)), quick);
  if (kind === 'scale') await client.actProject(name, { kind, scale: { web }, ...quick });
  if (kind === 'stop' || kind === 'start' || kind === 'restart')
    await client.actProject(name, { kind, ...quick });
}

/** The containers of the project become what one of `may` asks for. */
export async function settled(client: Client, name: string, may: readonly Wanted[]): Promise<void> {
  let seen = '';
  const fits = async (): Promise<boolean> => {
    seen = await stateOf(client, name);
    return may.some((wanted) => fitsOne(wanted, seen));
  };
  const what = (): string => `${name} to be\n${may.map(textOf).join('\nor ')}\nit is\n${seen}`;
  await until(fits, what, undefined, SETTLE_MS).catch(async (error: Error) => {
    if (!error.message.startsWith('waited in vain')) throw error;
    // What the state thinks of it, which containers do not show.
    throw new Error(`${error.message}\n${JSON.stringify(await client.getProject(name).catch(String))}`);
  });
}

/** What is stopped before it was made or started is as stopped as it can be. */
function fitsOne(wanted: Wanted, seen: string): boolean {
  const text = textOf(wanted);
  if (wanted === 'absent' || wanted.running || seen === 'absent') return seen === text;
  const allowed = new Set([NOTHING, ...text.split('\n')]);
  return seen
    .replaceAll(' created ', ' exited ')
    .split('\n')
    .every((line) => allowed.has(line));
}

const NOTHING = 'a project without containers';

function textOf(wanted: Wanted): string {
  if (wanted === 'absent') return 'absent';
  const { web, variant, running } = wanted;
  const line = (service: string, slot: number): string =>
    `${service}-${slot} ${running ? 'running' : 'exited'} variant ${variant}`;
  return [line('db', 1), ...Array.from({ length: web }, (_, index) => line('web', index + 1))].join('\n');
}

async function stateOf(client: Client, name: string): Promise<string> {
  const rows = await client.listContainers({ all: true, filters: { project: [name] } });
  if (rows.length === 0) return (await isThere(client, name)) ? NOTHING : 'absent';
  return rows.map(lineOf).sort().join('\n');
}

const lineOf = ({ service, slot, status, labels }: ContainerSummary): string =>
  `${service}-${slot} ${status} variant ${labels['variant']}`;

const isThere = (client: Client, name: string): Promise<boolean> =>
  client.getProject(name).then(
    () => true,
    (error: unknown) => {
      if (hasGone(error)) throw error;
      return false;
    },
  );
