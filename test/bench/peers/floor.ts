/** The kernel's floor: `bench/floor.c` beside the project's shared data, compiled unchanged; its absence is said. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../../../../shared/bench/floor.c');
const BRIDGE = 'orcfloor0';

export type Floor = { readonly toExitMs: number; readonly perSecond: number };

/** Starts on a bridge with cgroups v1, one after the other and 8 at once. */
export function measureFloor(): Floor | undefined {
  if (!existsSync(SOURCE)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'orc-floor-'));
  try {
    const program = join(folder, 'floor');
    const built = spawnSync('gcc', ['-O2', '-o', program, SOURCE], { encoding: 'utf8' });
    if (built.status !== 0) return undefined;
    const root = join(folder, 'root');
    for (const each of ['bin', 'proc', 'dev']) mkdirSync(join(root, each), { recursive: true });
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    symlinkSync('busybox', join(root, 'bin/true'));
    mkdirSync(join(folder, 'work'));
    spawnSync('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
    spawnSync('ip', ['link', 'set', BRIDGE, 'up']);
    const run = (args: readonly string[]): string =>
      spawnSync(program, [...args, '-b', BRIDGE, '-c', 'v1', root, join(folder, 'work')], {
        encoding: 'utf8',
      }).stdout;
    const read = (text: string, name: string): number =>
      Number(new RegExp(`${name} ([\\d.]+)`).exec(text)?.[1]);
    const toExitMs = read(run(['-n', '300']), 'to_exit.median');
    const perSecond = read(run(['-n', '400', '-j', '8']), 'rate');
    return { toExitMs, perSecond };
  } finally {
    spawnSync('ip', ['link', 'del', BRIDGE]);
    rmSync(folder, { recursive: true, force: true });
  }
}
