/**
 * Runs RUN steps of tests on a real overlay: `unshare`, mount, `chroot`. No cgroups and no seccomp, but
 * real files.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunMount, RunStep } from '../../../src/types.ts';

const SCRIPT = `
set -e
options="lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK,redirect_dir=off,metacopy=off,index=off"
mount -t overlay overlay -o "$options" "$ROOT"
mkdir -p "$ROOT/proc" "$ROOT$WORKING_DIR"
mount -t proc proc "$ROOT/proc"
eval "$MOUNTS"
cd "$ROOT"
exec chroot "$ROOT" /bin/sh -c 'cd "$0" && exec env -i "$@"' "$WORKING_DIR" "$@"
`;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function mountCommand(mount: RunMount, folder: string, index: number): string {
  const target = `"$ROOT"${quoted(mount.target)}`;
  if (mount.type === 'file') {
    const path = join(folder, `file-${index}`);
    writeFileSync(path, mount.content);
    chownSync(path, mount.uid, mount.gid);
    chmodSync(path, mount.mode);
    return `mount --bind ${quoted(path)} ${target} && mount -o remount,bind,ro ${target}`;
  }
  if (mount.type === 'tmpfs')
    return `mount -t tmpfs -o ${['mode=1777', ...mount.options].join()} tmpfs ${target}`;
  const bind = `mount --bind ${quoted(mount.source)} ${target}`;
  return mount.readOnly ? `${bind} && mount -o remount,bind,ro ${target}` : bind;
}

export async function chrootRunner(step: RunStep): Promise<{ readonly code: number }> {
  const folder = mkdtempSync(join(dirname(step.upper), 'run-'));
  const [work, root] = ['work', 'root'].map((name) => join(folder, name)) as [string, string];
  mkdirSync(work);
  mkdirSync(root);
  const env = {
    PATH: process.env['PATH'] ?? '',
    LOWER: step.layers.toReversed().join(':'),
    UPPER: step.upper,
    WORK: work,
    ROOT: root,
    WORKING_DIR: step.workingDir,
    MOUNTS: (step.mounts ?? []).map((each, at) => mountCommand(each, folder, at)).join('\n'),
  };
  const variables = Object.entries(step.env).map(([name, value]) => `${name}=${value}`);
  const args = [
    '--mount',
    '--pid',
    '--fork',
    '--net',
    '--kill-child',
    'sh',
    '-c',
    SCRIPT,
    'sh',
    ...variables,
    ...step.argv,
  ];
  const child = spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): boolean => child.kill('SIGKILL');
  step.signal?.addEventListener('abort', stop);
  child.stdout.on('data', (data: Buffer) => step.onOutput('stdout', data));
  child.stderr.on('data', (data: Buffer) => step.onOutput('stderr', data));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exit, signal) => resolve(exit ?? (signal === 'SIGKILL' ? 137 : 1)));
    });
    return { code };
  } finally {
    step.signal?.removeEventListener('abort', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}
