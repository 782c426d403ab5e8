/** Debian's buildah in folders of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Buildah = {
  build(args: readonly string[]): void;
  close(): void;
};

/** Undefined where it is not installed. */
export function openBuildah(): Buildah | undefined {
  if (spawnSync('buildah', ['--version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-buildah-'));
  const engine = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  return {
    build(args) {
      const line = [...engine, 'bud', '--layers', '--isolation', 'chroot', ...args];
      const { status, stderr } = spawnSync('buildah', line, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`buildah bud: ${stderr}`);
    },
    close() {
      spawnSync('umount', ['-l', join(folder, 'root/overlay')]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
