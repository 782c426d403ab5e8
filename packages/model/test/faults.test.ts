/** Values that are wrong are told so, and right ones never. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostAddressFault, isIpAddress, isNumberList, macFault, missingOf } from '../src/index.ts';

test.each([
  ['zz', '"zz" is not a MAC address'],
  ['02:42:ac:11:00', '"02:42:ac:11:00" is not a MAC address'],
  ['01:00:5e:00:00:01', 'the MAC address 01:00:5e:00:00:01 is that of a group, which no container can have'],
  ['00:00:00:00:00:00', "the MAC address 00:00:00:00:00:00 is nobody's"],
  ['02:42:ac:11:00:02', undefined],
  ['0A:42:AC:11:00:02', undefined],
])('MAC address %s: %s', (text, message) => {
  expect(macFault(text)?.message).toBe(message);
});

test.each([
  ['10.0.0.5', true],
  ['::1', true],
  ['fe80::1', true],
  ['10.0.0', false],
  ['zz', false],
  ['a:b', false],
  ['', false],
])('%s is an address: %s', (text, is) => {
  expect(isIpAddress(text)).toBe(is);
  expect(hostAddressFault('a', text)).toEqual(is ? undefined : expect.anything());
});

test('the host itself has a name that stands for its address', () => {
  expect(hostAddressFault('a', 'host-gateway')).toBeUndefined();
});

test.each([
  ['0', true],
  ['0-2,5', true],
  ['2-1', false],
  ['zz', false],
  ['1,', false],
  ['-1', false],
])('%s is a list of numbers: %s', (text, is) => {
  expect(isNumberList(text)).toBe(is);
});

test('what is missing of a list is what lies in no range of the other', () => {
  expect(missingOf('0,3-4,9', '0-3,9-12')).toEqual([[3, 4]]);
  fc.assert(
    fc.property(fc.nat(9), fc.nat(9), fc.nat(9), (first, length, more) => {
      const list = `${first}-${first + length}`;
      expect(missingOf(list, `${first}-${first + length + more}`)).toEqual([]);
      expect(missingOf(list, `${first + length + 1}-99`)).toHaveLength(1);
    }),
  );
});
