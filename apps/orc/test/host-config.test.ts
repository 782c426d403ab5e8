/** Keys that scripts for docker read of `inspect`. */
import { expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import { ABSENT, limitsOf } from '../src/format/host-config.ts';

test("what was asked for is told in docker's words", () => {
  const spec: ContainerSpec = {
    image: 'b',
    groupAdd: ['44'],
    oomScoreAdj: 100,
    devices: [{ source: '/dev/fuse', target: '/dev/f', permissions: 'rw' }],
    deviceCgroupRules: ['c 1:3 r'],
    resources: { cpuPeriodUs: 1000, cpuQuotaUs: 500, cpusetMems: '0', memorySwappiness: 5, blkioWeight: 10 },
    mounts: [
      { type: 'tmpfs', target: '/t', sizeBytes: 64, mode: 0o1777, options: ['noexec'], readOnly: true },
      { type: 'tmpfs', target: '/u' },
    ],
  };
  expect(limitsOf(spec)).toMatchObject({
    Tmpfs: { '/t': 'ro,noexec,size=64,mode=1777', '/u': '' },
    GroupAdd: ['44'],
    OomScoreAdj: 100,
    Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'rw' }],
    DeviceCgroupRules: ['c 1:3 r'],
    CpuPeriod: 1000,
    CpuQuota: 500,
    CpusetMems: '0',
    MemorySwappiness: 5,
    BlkioWeight: 10,
  });
});

test('keys are there also where nothing was asked for', () => {
  const keys = Object.keys({ ...limitsOf({ image: 'b' }), ...ABSENT });
  for (const key of [
    'Devices',
    'GroupAdd',
    'OomScoreAdj',
    'OomKillDisable',
    'CpuQuota',
    'VolumesFrom',
    'Links',
  ])
    expect(keys).toContain(key);
  expect(keys).not.toContain('Tmpfs');
});
