/** runc and crun: they only run, without image, log or network set-up; the nearest that peers come to the floor. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type OciRuntime = {
  /** Create, start, exit and removal of `true`. */
  run(): void;
  close(): void;
};

/** A sentence when it cannot run here. */
export function openOciRuntime(program: 'runc' | 'crun'): OciRuntime | string {
  if (spawnSync(program, ['--version']).status !== 0) return `${program} is not installed`;
  const bundle = mkdtempSync(join(tmpdir(), `orc-bench-${program}-`));
  const close = (): void => rmSync(bundle, { recursive: true, force: true });
  const run = (): void => {
    const name = `orc-bench-${process.pid}`;
    const { status, stderr } = spawnSync(program, ['run', name], { cwd: bundle, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} run: ${stderr.trim()}`);
  };
  try {
    writeBundle(program, bundle);
    run();
    return { run, close };
  } catch (error) {
    close();
    return (error as Error).message;
  }
}

function writeBundle(program: string, bundle: string): void {
  for (const each of ['bin', 'proc', 'dev', 'sys'])
    mkdirSync(join(bundle, 'rootfs', each), { recursive: true });
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  symlinkSync('busybox', join(bundle, 'rootfs/bin/true'));
  spawnSync(program, ['spec'], { cwd: bundle });
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { process: Record<string, unknown> };
  // The default raises a hard limit, which needs CAP_SYS_RESOURCE.
  Object.assign(config.process, { terminal: false, args: ['/bin/true'], rlimits: [] });
  writeFileSync(file, JSON.stringify(config));
}
