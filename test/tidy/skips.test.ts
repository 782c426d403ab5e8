/** What may be skipped, against the tests that skip and the one table of kernel features. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KERNEL_FEATURES, missingFeatures } from '../../packages/runtime/src/plan/features.ts';

const root = join(import.meta.dirname, '../..');
type Skip = { readonly test: string; readonly feature?: string; readonly beside?: string };
const rows = JSON.parse(readFileSync(join(root, 'test/skips.json'), 'utf8')) as readonly Skip[];

/** Of programs that set-up installs: a skip of these fails the run, wherever it is. */
const NEVER = ["from Debian's docker-registry", "those of Debian's docker-registry"];

const tests = ['packages', 'apps', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        name.endsWith('.test.ts') && !name.includes('node_modules') && !name.endsWith('.long.test.ts'),
    )
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
);
const TITLE = String.raw`\(\s*(['"])(?<title>[^\n]+?)\1,`;
const conditional = new RegExp(
  String.raw`\b(?:describe|test)\.(?:skipIf|runIf)\((?:[^()]|\([^()]*\))*\)${TITLE}`,
  'g',
);
const inside = new RegExp(String.raw`\btest${TITLE}(?:(?!\ntest\().)*?\bcontext\.skip\(`, 'gs');
const skipping = tests.flatMap((text) =>
  [conditional, inside].flatMap((each) =>
    [...text.matchAll(each)].map((match) => match.groups?.['title'] ?? ''),
  ),
);

test('every test that may be skipped has its row, and every row its test', () => {
  expect([...new Set([...rows.map((row) => row.test), ...NEVER])].sort()).toEqual(
    [...new Set(skipping)].sort(),
  );
  expect(skipping.length).toBeGreaterThan(10);
});

test('what a row wants of the kernel is called what `orc system info` calls it', () => {
  const known = new Set(KERNEL_FEATURES.map(({ name }) => name));
  expect(rows.filter(({ feature }) => feature !== undefined && !known.has(feature))).toEqual([]);
  expect(rows.filter(({ feature, beside }) => (feature === undefined) === (beside === undefined))).toEqual(
    [],
  );
});

test('a kernel of nothing lacks all but what only tests want, and a whole one nothing', () => {
  const nothing = {
    bounding: 0n,
    apparmor: false,
    cgroups: { kind: 'v2', v1: {} },
    controllers: [],
  } as const;
  const lacking = missingFeatures(nothing);
  expect(lacking).toEqual(expect.arrayContaining(['apparmor', 'CAP_SYS_RESOURCE', 'cgroup controller pids']));
  expect(lacking).not.toContain('cgroup v1');
  // v2 knows no such controllers, and needs none.
  expect(lacking).not.toContain('cgroup controller devices');
  const v1 = Object.fromEntries(
    ['cpu', 'cpuset', 'memory', 'pids', 'blkio', 'devices', 'freezer'].map((name) => [name, `/${name}`]),
  );
  const whole = { bounding: ~0n, apparmor: true, cgroups: { kind: 'v1', v1 }, controllers: [] } as const;
  expect(missingFeatures(whole)).toEqual([]);
});
