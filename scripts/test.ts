/**
 * Runs the tests, checks their skips against `test/skips.json`, and looks for what they left on the machine: links,
 * mounts, cgroups, namespaces, tables and processes that were not there before.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

type Assertion = { readonly status: string; readonly fullName: string };
type Results = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly Assertion[];
  }[];
};
/** `feature`: of the kernel, as `orc system info` calls it; `beside`: of the machine or the folder. */
type Skip = { readonly test: string; readonly feature?: string; readonly beside?: string };

const root = new URL('..', import.meta.url).pathname;
const LEAVING_MS = 15_000;
const LOOK_MS = 250;

// Daemons under test are what users start, built by the set-up before; from the sources each start would take a second.
process.env['ORC_TEST_BUNDLE'] = '1';

/** What a test run must not change; one line per thing. */
function footprint(): ReadonlySet<string> {
  const lines = (program: string, ...args: string[]): string[] =>
    spawnSync(program, args, { encoding: 'utf8' }).stdout?.split('\n') ?? [];
  const links = readdirSync('/sys/class/net').map((name) => `link ${name}`);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined);
  const tables = lines('nft', 'list', 'tables').filter((line) => line !== '');
  const cgroups = lines('find', '/sys/fs/cgroup', '-type', 'd', '-name', 'orc*').filter(
    (line) => line !== '',
  );
  const processes = lines('ps', '-eo', 'pid=,args=').filter(
    (line) => /orc-launch|orcd/.test(line) && !/scripts\/test|<defunct>/.test(line),
  );
  return new Set([
    ...links,
    ...mounts.map((point) => `mount ${point}`),
    ...tables,
    ...cgroups,
    ...processes.map((line) => `process ${line.trim()}`),
  ]);
}

/** The kernel takes namespaces and their cables apart behind those who let go of them: what stays is left. */
async function leftSince(before: ReadonlySet<string>): Promise<readonly string[]> {
  const look = (): readonly string[] => [...footprint()].filter((line) => !before.has(line));
  let left = look();
  for (const end = performance.now() + LEAVING_MS; left.length > 0 && performance.now() < end; ) {
    await setTimeout(LOOK_MS);
    left = look();
  }
  return left;
}

function run(args: readonly string[]): Results {
  const folder = mkdtempSync(join(tmpdir(), 'orc-test-'));
  const file = join(folder, 'results.json');
  spawnSync(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    { cwd: root, stdio: 'inherit' },
  );
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const before = footprint();
const results = run(process.argv.slice(2));
const assertions = results.testResults.flatMap((file) => file.assertionResults);
const allowed = JSON.parse(readFileSync(join(root, 'test/skips.json'), 'utf8')) as readonly Skip[];
const skipped = assertions.filter(
  ({ status }) => status === 'pending' || status === 'skipped' || status === 'todo',
);
const unexpected = skipped.filter(({ fullName }) => !allowed.some(({ test }) => fullName.includes(test)));
const brokenFiles = results.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
);
const left = await leftSince(before);

for (const { fullName } of skipped) {
  const row = allowed.find(({ test }) => fullName.includes(test));
  console.log(`skipped: ${fullName} (${row?.feature ?? row?.beside ?? 'NOT ALLOWED'})`);
}
for (const { name, message } of brokenFiles) console.log(`broken file: ${name}: ${message}`);
for (const line of left) console.log(`left behind: ${line}`);

const passed = assertions.filter(({ status }) => status === 'passed').length;
const failed =
  assertions.filter(({ status }) => status === 'failed').length +
  brokenFiles.length +
  unexpected.length +
  (left.length > 0 ? 1 : 0);
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
