import { describe, expect, test } from 'vitest';
import { checkSysctls, DEFAULT_SYSCTLS, sysctlPath } from '../src/plan/sysctls.ts';

const OWN = { ownNet: true, ownIpc: true, ownUts: true };
const NONE = { ownNet: false, ownIpc: false, ownUts: false };

describe('checkSysctls', () => {
  test.each([
    ['net.core.somaxconn', 'network'],
    ['net/ipv4/conf/eth0.100/forwarding', 'network'],
    ['net.ipv4.conf.eth0/100.forwarding', 'network'],
    ['kernel.msgmax', 'ipc'],
    ['kernel.shm_rmid_forced', 'ipc'],
    ['fs.mqueue.msg_max', 'ipc'],
    ['kernel.domainname', 'uts'],
  ])('%s needs a %s namespace of its own', (name, namespace) => {
    expect(checkSysctls({ [name]: '1' }, OWN)).toEqual([]);
    expect(checkSysctls({ [name]: '1' }, NONE)).toMatchObject([
      { code: 'input.invalid', message: expect.stringContaining(`host's ${namespace} namespace`) },
    ]);
  });

  test.each([
    'kernel.hostname',
    'kernel.core_pattern',
    'kernel.msgmaxx',
    'vm.swappiness',
    'fs.file-max',
    'net',
    '',
    'net/../kernel/core_pattern',
    'net/ipv4/../../kernel/core_pattern',
    'net.ipv4.//.//.kernel.core_pattern',
    '/net/ipv4/ip_forward',
    'net.ipv4.ip forward',
  ])('%j is refused', (name) => {
    expect(checkSysctls({ [name]: '1' }, OWN)).toHaveLength(1);
  });

  test('every wrong one is named, and values are one line', () => {
    const problems = checkSysctls({ 'vm.a': '1', 'net.core.somaxconn': '1', 'net.b': '1\n2' }, OWN);
    expect(problems.map((each) => each.message)).toEqual([
      'sysctl vm.a is not separate for a container',
      'sysctl net.b has a value of several lines',
    ]);
  });

  test('the defaults pass', () => expect(checkSysctls(DEFAULT_SYSCTLS, OWN)).toEqual([]));
});

test.each([
  ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
  ['net/ipv4/ip_forward', 'net/ipv4/ip_forward'],
  ['net.ipv4.conf.eth0/100.forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
  ['net/ipv4/conf/eth0.100/forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
])('sysctlPath(%s)', (name, path) => expect(sysctlPath(name)).toBe(path));
