import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OrcError, type Resources } from '@orc/model';
import { goldenSuite } from '../../../test/golden/golden.ts';
import { parseCgroupMounts } from '../src/plan/cgroup-mounts.ts';
import { memoryTotal, statsV1, statsV2, systemCpuNs } from '../src/plan/cgroup-stats.ts';
import { type CgroupWrite, cgroupWrites, sharesToWeight } from '../src/plan/cgroups.ts';
import { allowsEverything, deviceProgram, deviceWrites, parseDeviceRule } from '../src/plan/device-rules.ts';
import { DEVICE_RULES, type DeviceRule, PRIVILEGED_DEVICE_RULES } from '../src/plan/paths.ts';
import { runDeviceProgram } from './ebpf.ts';

const line = (version: string, each: CgroupWrite): string => {
  const instead = each.instead === undefined ? '' : ` else ${each.instead.file} = ${each.instead.value}`;
  return `${version} ${each.file} = ${each.value}${instead}${each.optional === true ? ' (optional)' : ''}`;
};

const guarded = (write: () => readonly string[]): string => {
  try {
    return write().join('\n');
  } catch (error) {
    if (error instanceof OrcError) return `${error.problem.code}: ${error.message} (${error.problem.hint})`;
    throw error;
  }
};

const ruleOf = (text: string): DeviceRule => {
  if (text.startsWith('a rwm')) return { allow: false, type: 'a', access: 'rwm' };
  return { ...parseDeviceRule(text.replace(' deny', '')), allow: !text.endsWith(' deny') };
};

goldenSuite(`${import.meta.dirname}/golden`, {
  writes: ({ body }) =>
    guarded(() =>
      (['v1', 'v2'] as const).flatMap((version) =>
        cgroupWrites(version, JSON.parse(body) as Resources).map((each) => line(version, each)),
      ),
    ),
  devices: ({ body }) => {
    const rules = body.split('\n').map(ruleOf);
    const program = deviceProgram(rules);
    const rows = Array.from({ length: program.length / 8 }, (_, at) =>
      Buffer.from(program.subarray(at * 8, at * 8 + 8)).toString('hex'),
    );
    return [...deviceWrites(rules).map((each) => line('v1', each)), ...rows].join('\n');
  },
});

test('shares and weights', () => {
  expect([0, 2, 1024, 262_144, 1e9].map(sharesToWeight)).toEqual([1, 1, 100, 10_000, 10_000]);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 262_143 }), (shares) => {
      expect(sharesToWeight(shares)).toBeLessThanOrEqual(sharesToWeight(shares + 1));
      expect(sharesToWeight(shares)).toBeGreaterThanOrEqual(1);
      expect(sharesToWeight(shares)).toBeLessThanOrEqual(10_000);
    }),
  );
});

describe('device rules', () => {
  const TYPES = { b: 1, c: 2 } as const;
  const BITS: Record<string, number> = { m: 1, r: 2, w: 4 };
  const bits = (letters: string): number =>
    [...letters].reduce((sum, each) => sum | (BITS[each] as number), 0);
  const ask = (rules: readonly DeviceRule[], type: 'b' | 'c', major: number, minor: number, access: string) =>
    runDeviceProgram(deviceProgram(rules), { type: TYPES[type], access: bits(access), major, minor });

  test.each([
    ['c', 1, 3, 'rw', 1],
    ['c', 1, 3, 'rwm', 1],
    ['c', 136, 7, 'rw', 1],
    ['c', 10, 200, 'rw', 1],
    ['c', 10, 229, 'rw', 0],
    ['c', 10, 229, 'm', 1],
    ['b', 8, 0, 'r', 0],
    ['b', 8, 0, 'm', 1],
    ['b', 8, 0, 'rm', 0],
    ['b', 1, 3, 'rw', 0],
    ['c', 1, 1, 'r', 0],
  ] as const)('the defaults: %s %i:%i %s is %i', (type, major, minor, access, verdict) => {
    expect(ask(DEVICE_RULES, type, major, minor, access)).toBe(verdict);
  });

  test('privileged allows everything and needs no program', () => {
    expect(allowsEverything(PRIVILEGED_DEVICE_RULES)).toBe(true);
    expect(allowsEverything(DEVICE_RULES)).toBe(false);
    expect(ask(PRIVILEGED_DEVICE_RULES, 'b', 8, 0, 'rwm')).toBe(1);
  });

  test('a rule taken back is gone, a rule for everything starts over', () => {
    const fuse = parseDeviceRule('c 10:229 rwm');
    expect(ask([...DEVICE_RULES, fuse], 'c', 10, 229, 'rw')).toBe(1);
    expect(ask([...DEVICE_RULES, fuse, { ...fuse, allow: false, access: 'w' }], 'c', 10, 229, 'rw')).toBe(0);
    expect(ask([...DEVICE_RULES, fuse, { ...fuse, allow: false, access: 'w' }], 'c', 10, 229, 'r')).toBe(1);
    expect(ask([{ ...fuse, allow: false }], 'c', 10, 229, 'r')).toBe(0);
    expect(ask([{ ...fuse, allow: false }, ...DEVICE_RULES], 'c', 1, 3, 'r')).toBe(1);
  });

  test.each(['', 'c 1:3', 'd 1:3 rwm', 'c 1:3 x', 'c 1:3 rwm ', 'c -1:3 rwm', 'c 1:3 rwmr', 'c\n1:3 rwm'])(
    '%j is no rule',
    (text) => expect(() => parseDeviceRule(text)).toThrow('no device rule'),
  );

  test('grants only what one of its rules names', () => {
    const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'rwm');
    const number = fc.constantFrom(undefined, 0, 1, 5);
    const rule = fc
      .record({ type: fc.constantFrom('b' as const, 'c' as const), major: number, minor: number, access })
      .map(({ type, major, minor, access: letters }) => ({
        allow: true,
        type,
        access: letters,
        ...(major === undefined ? {} : { major }),
        ...(minor === undefined ? {} : { minor }),
      }));
    const asked = fc.tuple(fc.constantFrom('b' as const, 'c' as const), fc.nat(6), fc.nat(6), access);
    const denyAll: DeviceRule = { allow: false, type: 'a', access: 'rwm' };
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), asked, (rules, [type, major, minor, wanted]) => {
        const matches = rules.filter(
          (each) => each.type === type && (each.major ?? major) === major && (each.minor ?? minor) === minor,
        );
        const merged = new Map<string, number>();
        for (const each of matches) {
          const key = `${each.major}:${each.minor}`;
          merged.set(key, (merged.get(key) ?? 0) | bits(each.access));
        }
        const granted = [...merged.values()].some((mask) => (bits(wanted) & ~mask) === 0);
        expect(ask([denyAll, ...rules], type, major, minor, wanted)).toBe(granted ? 1 : 0);
      }),
    );
  });
});

describe('parseCgroupMounts', () => {
  const v1 = (names: string) => `30 24 0:26 / /sys/fs/cgroup/${names} rw - cgroup cgroup rw,${names}`;
  const v2 = (path: string) => `31 24 0:27 / ${path} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate`;

  test('v1 with controllers mounted together', () => {
    expect(parseCgroupMounts([v1('cpu,cpuacct'), v1('memory')].join('\n'))).toEqual({
      kind: 'v1',
      v1: {
        cpu: '/sys/fs/cgroup/cpu,cpuacct',
        cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
        memory: '/sys/fs/cgroup/memory',
      },
    });
  });
  test('hybrid, v2, and nothing', () => {
    expect(parseCgroupMounts([v1('memory'), v2('/sys/fs/cgroup/unified')].join('\n'))).toMatchObject({
      kind: 'hybrid',
      v2: '/sys/fs/cgroup/unified',
    });
    expect(parseCgroupMounts(v2('/sys/fs/c\\040g'))).toEqual({ kind: 'v2', v1: {}, v2: '/sys/fs/c g' });
    expect(parseCgroupMounts([v1('name=systemd'), v2('/sys/fs/cgroup')].join('\n')).kind).toBe('v2');
    expect(parseCgroupMounts('')).toEqual({ kind: 'v2', v1: {} });
  });
});

describe('stats', () => {
  test('v1', () => {
    const files: Record<string, string> = {
      'memory.stat': 'cache 5\ntotal_inactive_file 300\n',
      'memory.usage_in_bytes': '1000\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
      'cpuacct.usage': '123456\n',
      'pids.current': '3\n',
      'blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 10\n8:0 Write 20\n8:16 Read 1\n8:0 Total 30\nTotal 31\n',
    };
    expect(statsV1((_, file) => files[file] ?? '', 5000)).toEqual({
      cpuNs: 123456,
      memoryBytes: 700,
      memoryLimitBytes: 5000,
      pids: 3,
      blockReadBytes: 11,
      blockWriteBytes: 20,
    });
  });
  test('v2', () => {
    const files: Record<string, string> = {
      'memory.stat': 'anon 5\ninactive_file 300\n',
      'memory.current': '1000\n',
      'memory.max': '2000\n',
      'cpu.stat': 'usage_usec 12\nuser_usec 4\n',
      'pids.current': '3\n',
      'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=1\n',
    };
    expect(statsV2((file) => files[file] ?? '', 5000)).toEqual({
      cpuNs: 12000,
      memoryBytes: 700,
      memoryLimitBytes: 2000,
      pids: 3,
      blockReadBytes: 11,
      blockWriteBytes: 22,
    });
    expect(statsV2(() => 'max\n', 5000).memoryLimitBytes).toBe(5000);
  });
  test('of the host', () => {
    expect(systemCpuNs('cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1\n')).toBe(36e7);
    expect(memoryTotal('MemTotal:    2048 kB\nMemFree: 1 kB\n')).toBe(2048 * 1024);
  });
});
