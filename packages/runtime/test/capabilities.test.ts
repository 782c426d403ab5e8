import { describe, expect, test } from 'vitest';
import { OrcError } from '@orc/model';
import { ALL_CAPABILITIES, resolveCapabilities } from '../src/plan/capabilities.ts';

const resolve = (add: string[], drop: string[], more: { privileged?: boolean; uid?: number } = {}) =>
  resolveCapabilities({ add, drop, privileged: false, uid: 0, ...more });

describe('resolveCapabilities', () => {
  test.each([
    ['the defaults are docker’s fourteen', [], [], 0xa80425fbn],
    ['add one, with its prefix', ['CAP_NET_ADMIN'], [], 0xa80435fbn],
    ['add one, without, in lower case', ['net_admin'], [], 0xa80435fbn],
    ['drop one', [], ['CHOWN'], 0xa80425fan],
    ['drop all', [], ['ALL'], 0n],
    ['drop all, add one', ['CHOWN'], ['all'], 1n],
    ['add all', ['ALL'], [], ALL_CAPABILITIES],
    ['add all but one', ['ALL'], ['CHOWN'], ALL_CAPABILITIES - 1n],
    ['added and dropped: added', ['CHOWN'], ['CHOWN'], 0xa80425fbn],
    ['the highest number', ['CHECKPOINT_RESTORE'], ['ALL'], 1n << 40n],
  ])('%s', (_, add, drop, bounding) => {
    const caps = resolve(add, drop);
    expect(caps).toMatchObject({
      bounding,
      permitted: bounding,
      effective: bounding,
      inheritable: 0n,
      ambient: 0n,
    });
  });

  test('names are those of the bounding set', () => {
    expect(resolve(['SYS_TIME'], ['ALL']).names).toEqual(['CAP_SYS_TIME']);
    expect(resolve([], []).names).toHaveLength(14);
  });

  test('privileged is everything, whatever was dropped', () => {
    expect(resolve([], ['ALL'], { privileged: true }).effective).toBe(ALL_CAPABILITIES);
  });

  test('what the host lacks is left out', () => {
    const available = ALL_CAPABILITIES & ~(1n << 24n);
    const request = { add: ['SYS_RESOURCE'], drop: [], uid: 0, available };
    expect(resolveCapabilities({ ...request, privileged: true }).permitted).toBe(available);
    expect(resolveCapabilities({ ...request, privileged: false }).bounding).toBe(0xa80425fbn);
  });

  test('another user than root holds nothing and keeps the bounding set', () => {
    const caps = resolve(['NET_ADMIN'], [], { uid: 1000 });
    expect(caps).toMatchObject({
      bounding: 0xa80435fbn,
      permitted: 0n,
      effective: 0n,
      inheritable: 0n,
      ambient: 0n,
    });
  });

  test.each([
    ['NET_ADMN', 'did you mean NET_ADMIN?'],
    ['CAP_SYS_ADMN', 'did you mean SYS_ADMIN?'],
    ['', 'see capabilities(7)'],
    ['frobnicate', 'see capabilities(7)'],
  ])('an unknown name %j is refused', (name, hint) => {
    const call = () => resolve([], [name]);
    expect(call).toThrow(OrcError);
    expect(call).toThrow(JSON.stringify(name));
    try {
      call();
    } catch (error) {
      expect((error as OrcError).problem).toMatchObject({
        code: 'input.invalid',
        hint: expect.stringContaining(hint),
      });
    }
  });
});
