/** kill -9 at every failpoint of the table, over real files: what was acknowledged is there afterwards. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApp } from './app.ts';

const child = join(import.meta.dirname, 'kill-child.ts');
const table = readFileSync(join(import.meta.dirname, '../../../docs/failpoints.md'), 'utf8');
const points = [...table.matchAll(/^\| `(raft\.[a-z.-]+)` \|/gm)].map((match) => match[1] as string);

type Ran = { readonly out: string[]; readonly err: string[]; readonly signal: string | null };

function run(folder: string, point: string, times: number): Promise<Ran> {
  const started = spawn(process.execPath, [child, folder, point, String(times)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  started.stdout.on('data', (data) => (out += String(data)));
  started.stderr.on('data', (data) => (err += String(data)));
  const words = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  return new Promise((resolve) =>
    started.on('close', (_, signal) => resolve({ out: words(out), err: words(err), signal })),
  );
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-raft-kill-'));
  try {
    await body(join(folder, 'raft'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the table lists every failpoint, and no other', async () => {
  await withFolder(async (folder) => {
    const { err, signal } = await run(folder, 'none', 1);
    expect(signal).toBeNull();
    expect([...new Set(err)].sort()).toEqual([...points].sort());
  });
});

test.each(
  points.flatMap(
    (point) =>
      [
        [point, 1],
        [point, 3],
      ] as const,
  ),
)('killed at %s, time %d', async (point, times) => {
  await withFolder(async (folder) => {
    const { out, signal } = await run(folder, point, times);
    const reached = signal === 'SIGKILL';
    expect(reached || times > 1).toBe(true);
    const app = await openApp({ folder, segmentBytes: 16 * 1024 });
    const numbers = app.applied.map((text) => text.split(':')[0]);
    expect(numbers).toEqual(numbers.map((_, at) => String(at)));
    expect(numbers.length).toBeGreaterThanOrEqual(out.length);
    expect(numbers.length).toBeLessThanOrEqual(out.length + 1);
    expect(app.log.quarantined).toEqual([]);
    await app.log.close();
  });
});
