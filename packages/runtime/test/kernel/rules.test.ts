/** Who tells of changes of the rule set, built to report every misuse of memory, in a network namespace of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sanitizedLauncher } from './fixture.ts';

let folder: string;
let watcher: ChildProcess;
let said: string[];
/** Returns the process's id as the kernel names it. */
const nft = (text: string): void => {
  const args = ['-t', String(watcher.pid), '-n', 'nft', '-f', '-'];
  execFileSync('nsenter', args, { input: text });
};
const TRY = 'add table inet ready\ndelete table inet ready\n';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orc-rules-'));
  said = [];
  const program = sanitizedLauncher(folder, `log_path=${folder}/report:detect_leaks=0`);
  watcher = spawn('unshare', ['-n', program, 'watch-rules'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const out = watcher.stdout as NonNullable<typeof watcher.stdout>;
  createInterface({ input: out }).on('line', (line) => said.push(line));
  await vi.waitFor(() => {
    nft(TRY);
    expect(said).not.toEqual([]);
  }, 10_000);
  nft('add table inet settled\n');
  await expect.poll(() => said).toContain('table 1 settled');
  await expect.poll(() => said.at(-1)).toMatch(/^by/);
  said.length = 0;
});
afterEach(async () => {
  if (watcher.exitCode === null && watcher.signalCode === null) {
    watcher.kill('SIGKILL');
    await once(watcher, 'exit');
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('report'))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

test('a transaction: each table once, whatever of it was touched, and whose it was', async () => {
  const chains = Array.from(
    { length: 500 },
    (_, at) => `add chain ip a c${at}\nadd rule ip a c${at} ip saddr 10.0.${at % 250}.0/24 counter accept\n`,
  ).join('');
  const set = 'add set inet b s { type ipv4_addr . inet_service; flags interval; }\n';
  nft(`add table ip a\n${chains}add table inet b\n${set}add element inet b s { 10.0.0.0/8 . 80-90 }\n`);
  await expect.poll(() => said.at(-1)).toMatch(/^by [1-9]\d*$/);
  expect(said.slice(0, -1)).toEqual(['table 2 a', 'table 1 b']);
});

test('tables in turns are told in turns; the next transaction tells of its own again', async () => {
  nft('add table ip a\nadd table ip6 a\nadd chain ip a x\n');
  nft('add chain ip a y\n');
  await expect.poll(() => said.filter((line) => line.startsWith('by'))).toHaveLength(2);
  expect(said.map((line) => line.replace(/^by .*/, 'by'))).toEqual([
    'table 2 a',
    'table 10 a',
    'table 2 a',
    'by',
    'table 2 a',
    'by',
  ]);
});

test('with nobody to read it ends at its next word', async () => {
  const { pid } = watcher;
  watcher.stdout?.destroy();
  nft('add table ip more\n');
  await once(watcher, 'exit');
  expect(pid).toBeGreaterThan(0);
});
