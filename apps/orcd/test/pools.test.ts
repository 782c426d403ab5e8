import { parseCidr } from '@orc/model';
import { expect, test } from 'vitest';
import { poolsOf } from '../src/pools.ts';

test('every instance has the whole pool, and begins at a place of its own', () => {
  expect(poolsOf('orc')).toBeUndefined();
  const [one, other] = ['orc-00000f', 'orc-3fa9c1'].map((each) => poolsOf(each) ?? []);
  expect(one?.slice(0, 2)).toEqual(['10.188.0.0/14', '10.128.0.0/14']);
  expect(other?.[0]).toBe('10.132.0.0/14');
  for (const pools of [one, other]) {
    expect(new Set(pools).size).toBe(18);
    for (const pool of (pools ?? []).slice(0, 16))
      expect(parseCidr(pool)).toMatchObject({ prefixLength: 14 });
  }
});
