import { expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import { decideDevices, type GivenDevice } from '../src/plan/devices.ts';
import { DEVICE_RULES, PRIVILEGED_DEVICE_RULES, thermalThrottlePaths } from '../src/plan/paths.ts';

const device = (path: string, minor: number, permissions = 'rwm'): GivenDevice => ({
  path,
  type: 'c',
  major: 10,
  minor,
  mode: 0o600,
  permissions,
});
const spec = (more: Partial<ContainerSpec> = {}): ContainerSpec => ({ image: 'x', ...more });

type Row = readonly [what: string, given: readonly GivenDevice[], nodes: readonly string[], rules: string];
const ROWS: readonly Row[] = [
  ['none', [], [], ''],
  ['one', [device('/dev/a', 1, 'r')], ['/dev/a 1'], '1 r'],
  ['without permissions: all', [device('/dev/a', 1, '')], ['/dev/a 1'], '1 rwm'],
  [
    'each with its own permissions',
    [device('/dev/a', 1, 'r'), device('/dev/b', 2, 'w')],
    ['/dev/a 1', '/dev/b 2'],
    '1 r, 2 w',
  ],
  [
    'behind one whose path is a default’s',
    [device('/dev/null', 3, 'rwm'), device('/dev/zz', 229, 'r')],
    ['/dev/zz 229'],
    '3 rwm, 229 r',
  ],
  [
    'two at one path: the later is there, and each keeps its rule',
    [device('/dev/a', 1, 'rwm'), device('/dev/a', 2, 'r'), device('/dev/b', 3, 'm')],
    ['/dev/a 2', '/dev/b 3'],
    '1 rwm, 2 r, 3 m',
  ],
];

test.each(ROWS)('%s', (_, given, nodes, rules) => {
  const decided = decideDevices(spec(), given, []);
  expect(decided.nodes.map((each) => `${each.path} ${each.minor}`)).toEqual(nodes);
  expect(decided.rules.slice(0, DEVICE_RULES.length)).toEqual(DEVICE_RULES);
  const own = decided.rules.slice(DEVICE_RULES.length);
  expect(own.map((each) => `${each.minor} ${each.access}`).join(', ')).toBe(rules);
});

test('rules of its user come last', () => {
  const { rules } = decideDevices(spec({ deviceCgroupRules: ['c 13:* rw'] }), [device('/dev/a', 1)], []);
  expect(rules.slice(-2)).toEqual([
    { allow: true, type: 'c', major: 10, minor: 1, access: 'rwm' },
    { allow: true, type: 'c', major: 13, access: 'rw' },
  ]);
});

test('a privileged one has the host’s, given ones in their place, and may open all', () => {
  const all = [device('/dev/a', 7), device('/dev/c', 9)];
  const { nodes, rules } = decideDevices(spec({ privileged: true }), [device('/dev/a', 1, 'r')], all);
  expect(nodes.map((each) => `${each.path} ${each.minor}`)).toEqual(['/dev/a 1', '/dev/c 9']);
  expect(rules).toBe(PRIVILEGED_DEVICE_RULES);
});

test('each processor that there is is masked, and nothing else of that folder', () => {
  const names = ['cpu0', 'cpu11', 'cpufreq', 'cpuidle', 'online', 'cpu', 'cpu1x'];
  expect(thermalThrottlePaths(names)).toEqual([
    '/sys/devices/system/cpu/cpu0/thermal_throttle',
    '/sys/devices/system/cpu/cpu11/thermal_throttle',
  ]);
});
