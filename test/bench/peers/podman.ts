/** Debian's podman in folders of its own, in dockerd's network namespace when there is one. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, rmdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Podman = {
  /** `podman run --rm` of `true`, without a network of its own or on a bridge. */
  run(network: 'none' | 'bridge'): void;
  close(): void;
};

const NAMESPACE = 'orc-bench-podman';
/** Its defaults raise hard limits, which needs CAP_SYS_RESOURCE. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** A sentence when it cannot run here. */
export function openPodman(): Podman | string {
  if (!isInstalled('podman') || !isInstalled('runc')) return 'podman or runc is not installed';
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-podman-'));
  spawnSync('ip', ['netns', 'add', NAMESPACE]);
  const podman = ['podman', '--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  // crun refuses the hybrid form of cgroups; runc takes all three.
  const engine = [...podman, '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
  const call = (args: readonly string[], input?: Buffer): void => {
    const line = [`--net=/run/netns/${NAMESPACE}`, ...engine, ...args];
    const { status, stderr } = spawnSync('nsenter', line, { input });
    if (status !== 0) throw new Error(`podman ${args[0]}: ${stderr}`);
  };
  const close = (): void => {
    spawnSync(engine[0] as string, [...engine.slice(1), 'rm', '-af']);
    spawnSync('umount', ['-l', join(folder, 'root/overlay')]);
    spawnSync('ip', ['netns', 'del', NAMESPACE]);
    removeCgroups();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    call(['import', '-', 'busybox'], busyboxArchive(folder));
    const run: Podman['run'] = (network) =>
      call(['run', '--rm', ...LIMITS, '--network', network, 'busybox', 'true']);
    run('none');
    return { run, close };
  } catch (error) {
    close();
    return (error as Error).message;
  }
}

function busyboxArchive(folder: string): Buffer {
  const bin = join(folder, 'fs/bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  symlinkSync('busybox', join(bin, 'true'));
  return spawnSync('tar', ['-C', join(folder, 'fs'), '-c', '.'], { maxBuffer: 1 << 26 }).stdout;
}

/** podman leaves its parent group in every hierarchy. */
function removeCgroups(): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    try {
      rmdirSync(join('/sys/fs/cgroup', controller, 'libpod_parent'));
    } catch {
      // Not there, or in use by containers that are not ours.
    }
  }
}
