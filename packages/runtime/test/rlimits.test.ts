import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RLIMIT_NAMES } from '@orc/model';
import { boundedRlimits, RLIM_INFINITY, resolveRlimits } from '../src/plan/rlimits.ts';

describe('resolveRlimits', () => {
  const NPROC = { resource: 6, soft: RLIM_INFINITY, hard: RLIM_INFINITY };

  test('core, processes and descriptors always have limits of their own', () => {
    expect(resolveRlimits([])).toEqual([
      { resource: 4, soft: RLIM_INFINITY, hard: RLIM_INFINITY },
      NPROC,
      { resource: 7, soft: 1048576n, hard: 1048576n },
    ]);
  });

  test('a host that cannot give them gives what it can', () => {
    const most = new Map([
      [4, 0n],
      [6, 96_365n],
      [7, 20_000n],
    ]);
    expect(boundedRlimits([], most)).toEqual([
      { resource: 4, soft: 0n, hard: 0n },
      { resource: 6, soft: 96_365n, hard: 96_365n },
      { resource: 7, soft: 20_000n, hard: 20_000n },
    ]);
  });

  test('no limit where the host has one is told in a word', () => {
    const asked = [{ name: 'memlock', soft: -1, hard: -1 }];
    expect(() => boundedRlimits(asked, new Map([[8, 8192n]]))).toThrow(
      "ulimit memlock: unlimited is above the daemon's own hard limit 8192",
    );
  });

  test('the user’s win, -1 is unlimited, the order is by number', () => {
    const limits = resolveRlimits([
      { name: 'nofile', soft: 20, hard: 40 },
      { name: 'CORE', soft: 0, hard: -1 },
    ]);
    expect(limits).toEqual([
      { resource: 4, soft: 0n, hard: RLIM_INFINITY },
      NPROC,
      { resource: 7, soft: 20n, hard: 40n },
    ]);
  });

  test.each([
    [{ name: 'nofiles', soft: 1, hard: 1 }, 'unknown ulimit "nofiles"'],
    [{ name: 'toString', soft: 1, hard: 1 }, 'unknown ulimit "toString"'],
    [{ name: 'nofile', soft: 2, hard: 1 }, 'soft limit 2 is above the hard limit 1'],
    [{ name: 'nofile', soft: -1, hard: 1 }, 'above the hard limit'],
    [{ name: 'nofile', soft: 1.5, hard: 2 }, '1.5 is no limit'],
    [{ name: 'nofile', soft: -2, hard: 2 }, '-2 is no limit'],
  ])('%j is refused', (ulimit, message) => expect(() => resolveRlimits([ulimit])).toThrow(message));

  test('the numbers are the kernel’s', () => {
    const names = readFileSync('/proc/self/limits', 'utf8').split('\n').slice(1, -1);
    expect(RLIMIT_NAMES).toHaveLength(names.length);
    expect(names[RLIMIT_NAMES.indexOf('nofile')]).toContain('Max open files');
    expect(names[RLIMIT_NAMES.indexOf('rttime')]).toContain('Max realtime timeout');
  });
});
