import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_DEVICES, DEVICE_RULES, MASKED_PATHS, READONLY_PATHS } from '../src/plan/paths.ts';

test('the default devices have the numbers of the host’s', () => {
  for (const device of DEFAULT_DEVICES) {
    const { rdev } = statSync(device.path);
    expect([device.path, rdev >> 8, rdev & 255]).toEqual([device.path, device.major, device.minor]);
  }
});

test('every default device may be opened, fuse may not', () => {
  for (const { major, minor } of DEFAULT_DEVICES) {
    expect(DEVICE_RULES).toContainEqual({ allow: true, type: 'c', major, minor, access: 'rwm' });
  }
  expect(DEVICE_RULES[0]).toEqual({ allow: false, type: 'a', access: 'rwm' });
  expect(DEVICE_RULES).toContainEqual({ allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' });
});

test('nothing is both masked and read-only', () => {
  expect(MASKED_PATHS.filter((path) => READONLY_PATHS.includes(path))).toEqual([]);
  expect([MASKED_PATHS.length, READONLY_PATHS.length]).toEqual([12, 5]);
});
