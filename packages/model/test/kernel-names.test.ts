import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSignal, signalName, signalNumber, sysctlNamespace } from '../src/index.ts';

describe('signals', () => {
  test.each(Object.entries(constants.signals))('%s is the host’s %i', (name, number) => {
    expect(signalNumber(name)).toBe(number);
    expect(signalNumber(name.slice(3).toLowerCase())).toBe(number);
  });

  test.each([
    ['9', 9],
    ['64', 64],
    ['CLD', 17],
    ['UNUSED', 31],
    ['SIGRTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmin+30', 64],
    ['SIGRTMAX', 64],
    ['RTMAX-14', 50],
    ['RTMAX-30', 34],
  ])('%s is %i', (text, number) => expect(signalNumber(text)).toBe(number));

  test.each([
    '',
    '0',
    '65',
    '-1',
    'SIG',
    'SIGNOPE',
    'SIG9',
    'RTMIN+31',
    'RTMAX-31',
    'RTMIN-1',
    'RTMAX+1',
    'toString',
  ])('%j is none', (text) => expect([signalNumber(text), isSignal(text)]).toEqual([undefined, false]));

  test('every number that has a name is that of its name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), (each) => signalNumber(signalName(each)) === each),
    );
    expect([signalName(6), signalName(29), signalName(34)]).toEqual(['SIGABRT', 'SIGIO', 'SIG34']);
  });
});

test.each([
  ['net.ipv4.ip_forward', 'network'],
  ['net/ipv4/conf/eth0.100/forwarding', 'network'],
  ['kernel.shm_rmid_forced', 'ipc'],
  ['fs.mqueue.msg_max', 'ipc'],
  ['kernel.domainname', 'uts'],
  ['kernel.hostname', undefined],
  ['kernel.shmmaximum', undefined],
  ['vm.swappiness', undefined],
])('%s belongs to the namespace %s', (name, namespace) => expect(sysctlNamespace(name)).toBe(namespace));
