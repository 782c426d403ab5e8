/** The kernel's floor: `bench/floor.c` beside the project's shared data, compiled unchanged; its absence is said. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../../../../shared/bench/floor.c');
const BRIDGE = 'orcfloor0';

export type Floor = {
  /** Median time to the exit, of starts on a bridge with cgroups v1, one after the other. */
  cycleMs(rounds: number): number;
  close(): void;
};

/** Asked again and again between others' rounds, so that all see the same load of the machine. */
export function openFloor(): Floor | undefined {
  if (!existsSync(SOURCE)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'orc-floor-'));
  const program = join(folder, 'floor');
  const close = (): void => {
    spawnSync('ip', ['link', 'del', BRIDGE]);
    rmSync(folder, { recursive: true, force: true });
  };
  if (spawnSync('gcc', ['-O2', '-o', program, SOURCE]).status !== 0) {
    close();
    return undefined;
  }
  const root = join(folder, 'root');
  for (const each of ['bin', 'proc', 'dev']) mkdirSync(join(root, each), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/true'));
  mkdirSync(join(folder, 'work'));
  spawnSync('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  spawnSync('ip', ['link', 'set', BRIDGE, 'up']);
  const args = ['-b', BRIDGE, '-c', 'v1', root, join(folder, 'work')];
  return {
    cycleMs(rounds) {
      const { stdout } = spawnSync(program, ['-n', String(rounds), ...args], { encoding: 'utf8' });
      return Number(/to_exit\.median ([\d.]+)/.exec(stdout)?.[1]);
    },
    close,
  };
}
