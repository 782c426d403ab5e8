/** How long a compose file takes: 1,000 services in one, and what a small one costs a command beyond a bare node. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../figures.ts';
import type { Row } from './index.ts';

const ROUNDS = 15;
const SERVICES = 1000;
const BUNDLE = join(import.meta.dirname, '../../../apps/orc/dist/orc.cjs');

export const compose: Row = async ({ figures }) => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-compose-'));
  try {
    const [small, large] = [file(folder, 3), file(folder, SERVICES)];
    const times = { bare: [] as number[], small: [] as number[], large: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times.bare.push(timeOf(['-e', '0']));
      times.small.push(timeOf([BUNDLE, '-f', small, 'config']));
      times.large.push(timeOf([BUNDLE, '-f', large, 'config', '-q']));
    }
    const [bare, ours, all] = [median(times.bare), median(times.small), median(times.large)];
    figures.print('node.bare', bare, 'ms');
    figures.print('compose.small-beyond-bare', ours - bare, 'ms', { name: 'wanted', value: 40, goal: 1 });
    figures.print(`compose.${SERVICES}-services`, all - ours, 'ms', { name: 'wanted', value: 400, goal: 1 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

function timeOf(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - began;
}

function file(folder: string, count: number): string {
  const path = join(folder, `${count}.yaml`);
  const services = Array.from({ length: count }, (_, index) => service(index)).join('');
  writeFileSync(path, `name: bench\nservices:\n${services}volumes: {data: {}}\n`);
  return path;
}

/** What services of real files have: short forms, long forms, and what is interpolated. */
const service = (index: number): string => `  s${index}:
    image: registry.example/team/app:1.${index}
    command: ["serve", "--port", "80"]
    environment:
      NAME: s${index}
      HOME_OF: \${HOME}/data
    ports: ["${10_000 + index}:80"]
    volumes: ["data:/data", "./conf:/conf:ro"]
    restart: unless-stopped
${index === 0 ? '' : `    depends_on: [s${index - 1}]\n`}`;
