/** Runs inside the machine: every case, one after the other, each with a line of its own on stdout. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { bootstrapBusybox } from '../../lab/engine.ts';
import { type Instance, startInstance } from '../../lab/instance.ts';
import type { Case, Report } from './case.ts';
import { CASES, NOTHING_LEFT } from './cases.ts';

/** One that hangs must not take the others' time. */
const CASE_MS = 90_000;
const LOG_CHARACTERS = 3000;

async function main(): Promise<void> {
  const before = footprint();
  // The first start reads everything from the emulated disk: on a busy host it may take longer than a lab allows.
  const instance = await startInstance().catch(() => startInstance());
  try {
    await bootstrapBusybox(instance);
    const only = process.env['ORC_VM_ONLY'] ?? '';
    for (const each of CASES.filter(({ name }) => name.includes(only))) say(await judge(each, instance));
  } finally {
    say(await judge({ name: NOTHING_LEFT, run: () => endTraceless(instance, before) }, instance));
  }
  say({ kind: 'end' });
}

const say = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

async function judge({ name, run }: Case, instance: Instance): Promise<Report> {
  const began = performance.now();
  const tookMs = (): number => Math.round(performance.now() - began);
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`not done after ${CASE_MS} ms`)), CASE_MS).unref(),
  );
  try {
    await Promise.race([run(instance), late]);
    if (name !== NOTHING_LEFT) await clear(instance);
    return { kind: 'case', name, tookMs: tookMs() };
  } catch (error) {
    const why = `${(error as Error).stack ?? error}\n${logOf(instance)}`;
    await clear(instance).catch(() => {});
    return { kind: 'case', name, error: why, tookMs: tookMs() };
  }
}

/** Each case begins with a daemon that lives and no container. */
async function clear(instance: Instance): Promise<void> {
  const { client } = instance;
  const all = await client.listContainers({ all: true });
  await Promise.all(all.map(({ id }) => client.removeContainer(id, { force: true })));
}

function logOf(instance: Instance): string {
  try {
    return instance.log().slice(-LOG_CHARACTERS);
  } catch {
    return '';
  }
}

async function endTraceless(instance: Instance, before: ReadonlySet<string>): Promise<void> {
  await instance.purge();
  assert.deepEqual(
    [...footprint()].filter((line) => !before.has(line)),
    [],
  );
}

/** Everything in the kernel that a container engine could leave. */
function footprint(): ReadonlySet<string> {
  const lines = (program: string, ...args: readonly string[]): string[] =>
    spawnSync(program, args, { encoding: 'utf8' }).stdout.split('\n');
  return new Set([
    ...readdirSync('/sys/class/net').map((name) => `link ${name}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => `mount ${line.split(' ')[4]}`),
    ...lines('nft', 'list', 'tables'),
    ...lines('ip', 'route').map((line) => `route ${line}`),
    ...lines('find', '/sys/fs/cgroup', '-type', 'd').map((path) => `cgroup ${path}`),
    ...lines('ls', '/tmp').map((name) => `file /tmp/${name}`),
    ...lines('ps', '-o', 'args').filter((line) => /orcd|orc-launch|sleep/.test(line)),
  ]);
}

void main();
