/**
 * Runs every case in the corpus beside the repository, where it is there, and the project's own; prints `N passed, N
 * failed` by group: `npm run conformance`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Results = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly ancestorTitles: readonly string[];
      readonly fullName: string;
    }[];
  }[];
};

const root = join(import.meta.dirname, '..');
const ROOMS = [
  'packages/compose/test',
  'packages/image/test/plan.test.ts',
  ...['golden', 'parse', 'shell', 'tables'].map((each) => `packages/image/test/build/${each}.test.ts`),
];

const folder = mkdtempSync(join(tmpdir(), 'orc-conformance-'));
try {
  const file = join(folder, 'results.json');
  const vitest = join(root, 'node_modules/.bin/vitest');
  spawnSync(vitest, ['run', ...ROOMS, '--reporter=json', `--outputFile=${file}`], {
    cwd: root,
    stdio: 'ignore',
  });
  process.exitCode = report(JSON.parse(readFileSync(file, 'utf8')) as Results);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Count = { passed: number; failed: number; skipped: number };

function report({ testResults }: Results): number {
  const groups = new Map<string, Count>();
  const failed: string[] = [];
  for (const { name, message, assertionResults } of testResults) {
    const room = name
      .slice(root.length + 1)
      .replace(/^packages\/|\.test\.ts$/g, '')
      .replace('/test/', ' ');
    if (assertionResults.length === 0) failed.push(`${room}: ${message}`);
    for (const { status, ancestorTitles, fullName } of assertionResults) {
      const group = `${room}${ancestorTitles[0] === undefined ? '' : `: ${ancestorTitles[0]}`}`;
      const count = groups.get(group) ?? { passed: 0, failed: 0, skipped: 0 };
      count[status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped'] += 1;
      groups.set(group, count);
      if (status === 'failed') failed.push(`${room}: ${fullName}`);
    }
  }
  const missing = ROOMS.filter((room) => !testResults.some(({ name }) => name.startsWith(join(root, room))));
  failed.push(...missing.map((room) => `${room}: no tests there`));
  for (const [group, count] of groups) console.log(`${group}: ${words(count)}`);
  console.log(`all: ${words(sum([...groups.values()]))}`);
  for (const each of failed) console.log(`failed: ${each}`);
  return failed.length === 0 ? 0 : 1;
}

function words({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} not run`}`;
}

function sum(counts: readonly Count[]): Count {
  const all = (key: keyof Count): number => counts.reduce((total, each) => total + each[key], 0);
  return { passed: all('passed'), failed: all('failed'), skipped: all('skipped') };
}
