/** Runs a test file again inside a network and mount namespace of its own: no packet leaves the machine. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { INSTANCE, sh } from './world.ts';

const INSIDE = 'ORC_NETWORK_INSIDE';

/** `define` declares the tests proper; they run, and are shown, in the inner process. */
export function insideNamespaces(file: string, define: () => void): void {
  if (process.env[INSIDE] === '1') return define();
  test('in namespaces of its own', { timeout: 300_000 }, () => {
    const vitest = ['node_modules/.bin/vitest', 'run', file, '--reporter=verbose'];
    const ran = spawnSync('unshare', ['-n', '-m', '--propagation', 'private', ...vitest], {
      env: { ...process.env, [INSIDE]: '1', FORCE_COLOR: '0', NO_COLOR: '1' },
      encoding: 'utf8',
      cwd: `${import.meta.dirname}/../../../..`,
    });
    process.stdout.write(ran.stdout.replace(/^/gm, '    '));
    expect(ran.status, `${ran.stdout}\n${ran.stderr}`).toBe(0);
    expect(ran.stdout).toMatch(/Tests +\d+ passed/);
  });
}

export async function eventually(holds: () => boolean, limitMs = 15_000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > until) expect(holds()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The host's ends of cables of sandboxes. */
export const veths = (): string[] =>
  sh('ip -br link')
    .split('\n')
    .filter((line) => line.startsWith(`${INSTANCE}v`));
