/** A host of pure cgroup v2, which most test hosts are not: a virtual machine, and one test for each case inside. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from './guest/case.ts';
import { CASES, NOTHING_LEFT } from './guest/cases.ts';
import { type Job, makeJob } from './job.ts';
import { bootMachine, type Machine } from './machine.ts';

/** Once per host: packages and a kernel are fetched. */
const PREPARE_MS = 300_000;
/** Two minutes on an idle host; whoever shares it makes it longer. */
const MACHINE_MS = 540_000;

const reports = new Map<string, Report & { readonly kind: 'case' }>();
let job: Job | undefined;
let machine: Machine | undefined;

beforeAll(async () => {
  const { status, stderr, error } = spawnSync('sh', [join(import.meta.dirname, 'prepare.sh')], {
    encoding: 'utf8',
    timeout: PREPARE_MS,
  });
  if (status !== 0) throw new Error(`prepare.sh: ${error?.message ?? stderr}`);
  job = await makeJob();
  machine = bootMachine({ ...job, limitMs: MACHINE_MS });
  for await (const line of machine.reports) {
    const report = JSON.parse(line) as Report;
    if (report.kind === 'case') reports.set(report.name, report);
  }
}, PREPARE_MS + MACHINE_MS);

afterAll(async () => {
  await machine?.end();
  job?.remove();
});

test.each([...CASES.map(({ name }) => name), NOTHING_LEFT])('cgroup v2: %s', (name) => {
  const report = reports.get(name);
  if (report === undefined) throw new Error(`the machine did not come so far:\n${machine?.console()}`);
  expect(report.error ?? '').toBe('');
});

test('cgroup v2: no case is judged that has no test', () => {
  const known = new Set([...CASES.map(({ name }) => name), NOTHING_LEFT]);
  expect(known.size).toBe(CASES.length + 1);
  expect([...reports.keys()].filter((name) => !known.has(name))).toEqual([]);
});
