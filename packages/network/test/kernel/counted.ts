/** How often the daemon under test runs `nft`: a program of that name is put before it, which notes each run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '../../src/limits.ts';
import { sh } from './world.ts';

export type Counted = {
  readonly count: () => number;
  /** Seconds that each takes from now on. */
  readonly slow: (seconds: number) => void;
  /** Waits until there was none for a while. */
  readonly rest: () => Promise<void>;
  readonly end: () => void;
};

/** Counts those whose arguments are like `pattern`, of sh(1). */
export function countNft(folder: string, pattern: string): Counted {
  const [path, real, log] = [process.env['PATH'], sh('command -v nft').trim(), join(folder, 'nft-runs')];
  const note = `case "$*" in ${pattern.replaceAll(' ', '\\ ')}) echo run >>'${log}'; sleep $(cat '${log}.slow');; esac`;
  writeFileSync(log, '');
  writeFileSync(`${log}.slow`, '0');
  writeFileSync(join(folder, 'nft'), `#!/bin/sh\n${note}\nexec '${real}' "$@"\n`, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${path ?? ''}`;
  const count = (): number => readFileSync(log, 'utf8').split('\n').length - 1;
  return {
    count,
    slow: (seconds) => writeFileSync(`${log}.slow`, String(seconds)),
    rest: async () => {
      for (let before = -1; before !== count(); ) {
        before = count();
        await new Promise((resolve) => setTimeout(resolve, 4 * LIMITS.firewallPauseMs));
      }
    },
    end: () => {
      process.env['PATH'] = path;
    },
  };
}
