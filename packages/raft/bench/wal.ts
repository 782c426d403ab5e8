/** `node bench/wal.ts [folder]`: name, value, unit. Compare only inside one run. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../src/index.ts';

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'orc-wal-'));
const PAYLOAD = new Uint8Array(256).fill(120);
const print = (name: string, value: number, unit: string): void =>
  console.log(`${name} ${value.toFixed(1)} ${unit}`);
const pssMb = (): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]) / 1024;

function floor(count: number): void {
  const fd = openSync(join(folder, 'floor'), 'w+');
  const zeros = new Uint8Array(1 << 20);
  for (let at = 0; at < 8; at += 1) writeSync(fd, zeros, 0, zeros.length, at << 20);
  fdatasyncSync(fd);
  const begin = performance.now();
  for (let at = 0; at < count; at += 1) {
    writeSync(fd, PAYLOAD, 0, PAYLOAD.length, at * PAYLOAD.length);
    fdatasyncSync(fd);
  }
  print('floor_append_fdatasync_sync', ((performance.now() - begin) / count) * 1000, 'us');
  closeSync(fd);
}

/** `group` proposals at once, each group awaited. */
async function grouped(group: number, rounds: number): Promise<void> {
  const log = await openLog({ folder: join(folder, `g${group}`) });
  log.committed(() => undefined);
  for (let warm = 0; warm < 200; warm += 1) await log.propose(PAYLOAD);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    await Promise.all(Array.from({ length: group }, () => log.propose(PAYLOAD)));
    times.push(((performance.now() - begin) / group) * 1000);
  }
  times.sort((a, b) => a - b);
  print(`propose_group_${group}_p50`, times[times.length >> 1] as number, 'us/entry');
  print(`propose_group_${group}_p99`, times[Math.floor(times.length * 0.99)] as number, 'us/entry');
  await log.close();
}

async function reopen(entries: number): Promise<void> {
  const at = join(folder, 'reopen');
  const log = await openLog({ folder: at });
  await Promise.all(Array.from({ length: entries }, () => log.propose(PAYLOAD)));
  await log.close();
  const begin = performance.now();
  const again = await openLog({ folder: at });
  print(`reopen_${entries}_entries`, performance.now() - begin, 'ms');
  await again.close();
}

async function fresh(): Promise<void> {
  const begin = performance.now();
  const log = await openLog({ folder: join(folder, 'fresh') });
  print('open_fresh', performance.now() - begin, 'ms');
  await log.close();
}

try {
  const before = pssMb();
  await fresh();
  floor(2000);
  for (const group of [1, 8, 32, 256]) await grouped(group, group === 1 ? 3000 : 300);
  await reopen(5000);
  print('pss_grown', pssMb() - before, 'MB');
} finally {
  rmSync(folder, { recursive: true });
}
