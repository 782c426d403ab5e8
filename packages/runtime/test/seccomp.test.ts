import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveCapabilities } from '../src/plan/capabilities.ts';
import { compileProfile, compileSeccomp } from '../src/plan/seccomp.ts';
import { ARCHITECTURES, type Architecture, syscallNumber } from '../src/plan/seccomp/architectures.ts';
import { ALWAYS_ALLOWED, DEFAULT_PROFILE } from '../src/plan/seccomp/default-profile.ts';
import {
  type Action,
  applicableRules,
  type Condition,
  type Facts,
  type Profile,
  parseProfile,
} from '../src/plan/seccomp/profile.ts';
import { SYSCALLS } from '../src/plan/seccomp/syscalls.ts';
import { runFilter } from './bpf.ts';

const capabilitiesOf = (...add: string[]) =>
  resolveCapabilities({ add, drop: [], privileged: false, uid: 0 }).names;
const factsOf = (more: Partial<Facts> = {}): Facts => ({
  arch: 'x64',
  capabilities: capabilitiesOf(),
  kernelVersion: [6, 1],
  ...more,
});
const architecture = (name: string) => ARCHITECTURES.find((each) => each.name === name) as Architecture;
const X64 = architecture('X86_64');
const ALLOW = 0x7fff0000;
const errno = (number: number): number => 0x00050000 + number;
const EPERM = errno(1);
const ENOSYS = errno(38);
const KILL = 0x80000000;

const ask = (
  program: Uint8Array,
  where: Architecture,
  name: string | number,
  args: readonly bigint[] = [],
) => {
  const number = typeof name === 'number' ? name : syscallNumber(where, name);
  if (number === undefined) throw new Error(`no ${name} on ${where.name}`);
  return runFilter(program, { audit: where.audit, number, args }).result;
};
const compile = (more: Partial<Facts> = {}, profile = 'default'): Uint8Array =>
  compileSeccomp(profile, factsOf(more)) as Uint8Array;

describe('the default profile', () => {
  test('has as many names as docker’s, but for those of other architectures', () => {
    const foreign = ['swapcontext', 's390_pci_mmio_read', 's390_pci_mmio_write', 's390_runtime_instr'];
    const all = new Set([
      ...DEFAULT_PROFILE.rules.flatMap((rule) => rule.names),
      ...foreign,
      'riscv_flush_icache',
    ]);
    const foreignGroups = 4;
    expect(new Set(ALWAYS_ALLOWED).size).toBe(361);
    expect(all.size).toBe(426);
    expect(DEFAULT_PROFILE.rules.length + foreignGroups).toBe(33);
  });

  test('every name is a call of some architecture', () => {
    const names = new Set(DEFAULT_PROFILE.rules.flatMap((rule) => rule.names));
    expect([...names].filter((name) => !Object.hasOwn(SYSCALLS, name))).toEqual(['riscv_hwprobe']);
  });

  test.each([
    ['read', [], ALLOW],
    ['execve', [], ALLOW],
    ['mount', [], EPERM],
    ['unshare', [], EPERM],
    ['setns', [], EPERM],
    ['bpf', [], EPERM],
    ['keyctl', [], EPERM],
    ['add_key', [], EPERM],
    ['request_key', [], EPERM],
    ['io_uring_setup', [], EPERM],
    ['userfaultfd', [], EPERM],
    ['kexec_load', [], EPERM],
    ['open_by_handle_at', [], EPERM],
    ['clone3', [], ENOSYS],
    ['chroot', [], ALLOW],
    ['ptrace', [], ALLOW],
    ['modify_ldt', [], ALLOW],
    ['clone', [17n], ALLOW],
    ['clone', [0x01200011n], ALLOW],
    ['clone', [0x10000000n], EPERM],
    ['clone', [0x02000000n], EPERM],
    ['clone', [0x00020000n], EPERM],
    ['socket', [2n], ALLOW],
    ['socket', [37n], ALLOW],
    ['socket', [38n], EPERM],
    ['socket', [39n], ALLOW],
    ['socket', [40n], EPERM],
    ['socket', [41n], ALLOW],
    ['socket', [0x1_0000_0026n], EPERM],
    ['socket', [0xffff_ffff_0000_0028n], EPERM],
    ['personality', [0n], ALLOW],
    ['personality', [8n], ALLOW],
    ['personality', [0x20008n], ALLOW],
    ['personality', [0xffffffffn], ALLOW],
    ['personality', [0x40000n], EPERM],
    ['personality', [0x1_0000_0008n], EPERM],
    [466, [], ALLOW],
    [467, [], ENOSYS],
    [3000, [], ENOSYS],
    [0xffffffff, [], ENOSYS],
  ] as const)('x86_64 %s %s', (name, args, result) => {
    expect(ask(compile(), X64, name, args)).toBe(result);
  });

  test.each([
    [
      'CAP_SYS_ADMIN',
      ['mount', 'unshare', 'setns', 'bpf', 'clone3', 'umount2', 'fsopen', 'lsm_list_modules'],
    ],
    ['CAP_DAC_READ_SEARCH', ['open_by_handle_at']],
    ['CAP_SYS_BOOT', ['reboot']],
    ['CAP_SYS_MODULE', ['init_module', 'finit_module', 'delete_module']],
    ['CAP_SYS_PACCT', ['acct']],
    ['CAP_SYS_PTRACE', ['kcmp', 'pidfd_getfd', 'process_madvise']],
    ['CAP_SYS_RAWIO', ['iopl', 'ioperm']],
    ['CAP_SYS_TIME', ['settimeofday', 'clock_settime']],
    ['CAP_SYS_TTY_CONFIG', ['vhangup']],
    ['CAP_SYS_NICE', ['mbind', 'set_mempolicy', 'get_mempolicy', 'set_mempolicy_home_node']],
    ['CAP_SYSLOG', ['syslog']],
    ['CAP_BPF', ['bpf']],
    ['CAP_PERFMON', ['perf_event_open']],
  ])('%s opens %j', (capability, names) => {
    for (const name of names) {
      expect([name, ask(compile(), X64, name)]).toEqual([name, name === 'clone3' ? ENOSYS : EPERM]);
      expect([name, ask(compile({ capabilities: capabilitiesOf(capability) }), X64, name)]).toEqual([
        name,
        ALLOW,
      ]);
    }
  });

  test('SYS_ADMIN may clone namespaces', () => {
    const program = compile({ capabilities: capabilitiesOf('SYS_ADMIN') });
    expect(ask(program, X64, 'clone', [0x10000000n])).toBe(ALLOW);
  });

  test('without SYS_CHROOT no chroot, and before Linux 4.8 no ptrace', () => {
    expect(ask(compile({ capabilities: [] }), X64, 'chroot')).toBe(EPERM);
    expect(ask(compile({ kernelVersion: [4, 7] }), X64, 'ptrace')).toBe(EPERM);
    expect(ask(compile({ kernelVersion: [4, 8] }), X64, 'ptrace')).toBe(ALLOW);
  });

  test('other architectures are judged by their own numbers', () => {
    const program = compile();
    for (const name of ['X86', 'X32']) {
      expect([name, ask(program, architecture(name), 'execve')]).toEqual([name, ALLOW]);
      expect([name, ask(program, architecture(name), 'mount')]).toEqual([name, EPERM]);
      expect([name, ask(program, architecture(name), 'socket', [38n])]).toEqual([name, EPERM]);
    }
    // 165 is mount on x86_64 and getresuid on i386.
    expect(ask(program, architecture('X86'), 165)).toBe(ALLOW);
    expect(ask(program, architecture('AARCH64'), 'read')).toBe(KILL);
  });

  test('arm64', () => {
    const program = compile({ arch: 'arm64' });
    const [arm64, arm] = [architecture('AARCH64'), architecture('ARM')];
    expect(ask(program, arm64, 'read')).toBe(ALLOW);
    expect(ask(program, arm64, 'mount')).toBe(EPERM);
    expect(ask(program, arm64, 'clone3')).toBe(ENOSYS);
    expect(ask(program, arm64, 'clone', [0x10000000n])).toBe(EPERM);
    expect(ask(program, arm, 'set_tls')).toBe(ALLOW);
    expect(ask(program, arm, 'cacheflush')).toBe(ALLOW);
    expect(ask(program, arm, 'mount')).toBe(EPERM);
    expect(ask(program, arm, 0x0f0003)).toBe(ENOSYS);
    expect(ask(program, arm, 3000)).toBe(ENOSYS);
    expect(ask(program, X64, 'read')).toBe(KILL);
  });

  test('no call takes many steps, and the program is far below the limit', () => {
    const program = compile();
    expect(program.length / 8).toBeLessThan(1000);
    for (let number = 0; number < 500; number += 1) {
      const { steps } = runFilter(program, { audit: X64.audit, number, args: [0n] });
      expect(steps).toBeLessThan(25);
    }
  });

  test('equal calls share one program', () => {
    expect(compile()).toBe(compile({ capabilities: capabilitiesOf().toReversed() }));
    expect(compile()).not.toBe(compile({ capabilities: [] }));
  });
});

describe('docker’s JSON', () => {
  const json = (syscalls: readonly object[], more: object = {}) =>
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
      syscalls,
      ...more,
    });

  test('unconfined has no filter', () => expect(compileSeccomp('unconfined', factsOf())).toBeUndefined());

  test.each([
    ['SCMP_ACT_ALLOW', ALLOW],
    ['SCMP_ACT_ERRNO', EPERM],
    ['SCMP_ACT_KILL', 0],
    ['SCMP_ACT_KILL_THREAD', 0],
    ['SCMP_ACT_KILL_PROCESS', KILL],
    ['SCMP_ACT_LOG', 0x7ffc0000],
    ['SCMP_ACT_TRACE', 0x7ff00001],
    ['SCMP_ACT_TRAP', 0x00030000],
  ])('%s', (action, result) => {
    const program = compile({}, json([{ names: ['read'], action }]));
    expect(ask(program, X64, 'read')).toBe(result);
    expect(ask(compile({}, json([], { defaultAction: action })), X64, 'read')).toBe(result);
  });

  test('default errno, errno of a rule, the old single name, unknown names', () => {
    const text = json(
      [
        { name: 'read', action: 'SCMP_ACT_ALLOW' },
        { names: ['write', 'no_such_call', 'toString'], action: 'SCMP_ACT_ERRNO', errnoRet: 5 },
      ],
      { defaultErrnoRet: 22 },
    );
    expect(ask(compile({}, text), X64, 'read')).toBe(ALLOW);
    expect(ask(compile({}, text), X64, 'write')).toBe(errno(5));
    expect(ask(compile({}, text), X64, 'open')).toBe(ENOSYS);
    expect(
      ask(
        compile({}, json([{ names: ['listns'], action: 'SCMP_ACT_ALLOW' }], { defaultErrnoRet: 22 })),
        X64,
        'open',
      ),
    ).toBe(errno(22));
  });

  test('a profile that denies some leaves newer calls alone', () => {
    const text = json([{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }], { defaultAction: 'SCMP_ACT_ALLOW' });
    expect([ask(compile({}, text), X64, 'mount'), ask(compile({}, text), X64, 3000)]).toEqual([EPERM, ALLOW]);
  });

  test('without archMap other architectures are killed, x32 too', () => {
    const text = json([{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }], {
      defaultAction: 'SCMP_ACT_ALLOW',
      archMap: [],
    });
    expect(ask(compile({}, text), architecture('X86'), 'read')).toBe(KILL);
    expect(ask(compile({}, text), architecture('X32'), 'mount')).toBe(KILL);
    const named = json([], { archMap: [], architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] });
    expect(ask(compile({}, named), architecture('X86'), 'read')).toBe(EPERM);
    expect(ask(compile({}, named), architecture('X32'), 'read')).toBe(KILL);
  });

  test('conditions on different arguments are joined, on one they are alternatives', () => {
    const eq = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' });
    const both = compile(
      {},
      json([{ names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args: [eq(0, 1), eq(1, 2)] }]),
    );
    expect(ask(both, X64, 'ioctl', [1n, 2n])).toBe(ALLOW);
    expect(ask(both, X64, 'ioctl', [1n, 3n])).toBe(EPERM);
    const either = compile(
      {},
      json([{ names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args: [eq(0, 1), eq(0, 2)] }]),
    );
    expect([1n, 2n, 3n].map((each) => ask(either, X64, 'ioctl', [each]))).toEqual([ALLOW, ALLOW, EPERM]);
  });

  test('values of 64 bits are exact', () => {
    const text = json([
      { names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
    ]);
    const program = compile({}, text.replace('"value":1', '"value":18446744073709551615'));
    expect(ask(program, X64, 'ioctl', [2n ** 64n - 1n])).toBe(ALLOW);
    expect(ask(program, X64, 'ioctl', [2n ** 64n - 2n])).toBe(EPERM);
  });

  test.each([
    ['{', 'is no JSON'],
    ['[]', 'the profile is no object'],
    ['{}', 'defaultAction is no text'],
    [json([{ names: ['read'], action: 'SCMP_ACT_FOO' }]), 'syscalls[0].action is unknown: "SCMP_ACT_FOO"'],
    [json([{ names: ['read'], action: 'SCMP_ACT_NOTIFY' }]), 'syscalls[0].action is unknown'],
    [json([{ names: 'read', action: 'SCMP_ACT_ALLOW' }]), 'syscalls[0].names is no list'],
    [json([{ names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 5000 }]), 'is not 0 to 4095'],
    [
      json([{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 6, op: 'SCMP_CMP_EQ' }] }]),
      'index is not 0 to 5',
    ],
    [
      json([{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, op: 'LIKE' }] }]),
      'op is unknown',
    ],
    [
      json([{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ value: -1, op: 'SCMP_CMP_EQ' }] }]),
      'no number of 64 bits',
    ],
    [
      json([{ names: ['read'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: 'x' } }]),
      'minKernel is no version',
    ],
  ])('%j is refused', (text, message) => expect(() => compileSeccomp(text, factsOf())).toThrow(message));

  test('a profile too large for the kernel is refused', () => {
    const args = (value: number) => [{ index: 0, value, op: 'SCMP_CMP_EQ' }];
    const rules = Array.from({ length: 1000 }, (_, at) => ({
      names: ['ioctl'],
      action: 'SCMP_ACT_ALLOW',
      args: args(at),
    }));
    expect(() => compileSeccomp(json(rules), factsOf())).toThrow('instructions');
  });
});

describe('the program does what the profile says', () => {
  const numberOf = (each: Condition): bigint => (each.bits === 32 ? 0xffffffffn : 2n ** 64n - 1n);
  const holds = (each: Condition, args: readonly bigint[]): boolean => {
    const argument = (args[each.index] as bigint) & numberOf(each);
    if (each.op === 'EQ') return argument === each.value;
    if (each.op === 'NE') return argument !== each.value;
    if (each.op === 'LT') return argument < each.value;
    if (each.op === 'LE') return argument <= each.value;
    if (each.op === 'GT') return argument > each.value;
    if (each.op === 'GE') return argument >= each.value;
    return (argument & (each.mask as bigint)) === each.value;
  };
  const kinds = { ALLOW, LOG: 0x7ffc0000, TRAP: 0x00030000, KILL_THREAD: 0, KILL_PROCESS: KILL };
  const resultOf = (action: Action): number => {
    if (action.kind === 'ERRNO') return errno(action.errno);
    return action.kind === 'TRACE' ? 0x7ff00000 + action.errno : kinds[action.kind];
  };

  /** Rule after rule, as one would read them. */
  function expected(
    profile: Profile,
    facts: Facts,
    where: Architecture,
    number: number,
    args: readonly bigint[],
  ): number {
    const rules = applicableRules(profile, facts);
    const numbers = rules.flatMap((rule) => rule.names.flatMap((name) => syscallNumber(where, name) ?? []));
    for (const rule of rules) {
      const named = rule.names.some((name) => syscallNumber(where, name) === number);
      if (named && rule.conditions.every((each) => holds(each, args))) return resultOf(rule.action);
    }
    const known = numbers.filter((each) => each < 0x0f0000 || each >= 0x40000000);
    const isNewer = known.length > 0 && number > Math.max(...known) && !numbers.includes(number);
    const isPermissive = profile.defaultAction.kind === 'ALLOW' || profile.defaultAction.kind === 'LOG';
    return isNewer && !isPermissive ? ENOSYS : resultOf(profile.defaultAction);
  }

  const interesting = fc.constantFrom(
    0n,
    1n,
    38n,
    40n,
    0xffffffffn,
    0x1_0000_0000n,
    0x1_0000_0026n,
    2n ** 64n - 1n,
  );
  const word = fc.oneof(interesting, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.constantFrom<Action>({ kind: 'ALLOW' }, { kind: 'LOG' }, { kind: 'TRAP' }, { kind: 'KILL_PROCESS' }),
    fc.nat(4095).map((number): Action => ({ kind: 'ERRNO', errno: number })),
  );
  const condition: fc.Arbitrary<Condition> = fc
    .record({
      index: fc.nat(5),
      op: fc.constantFrom<Condition['op']>('EQ', 'NE', 'LT', 'LE', 'GT', 'GE', 'MASKED_EQ'),
      value: word,
      mask: word,
      bits: fc.constantFrom<32 | 64>(32, 64),
    })
    .map(({ mask, ...each }) => {
      const value = each.bits === 32 ? each.value & 0xffffffffn : each.value;
      const low = each.bits === 32 ? mask & 0xffffffffn : mask;
      return each.op === 'MASKED_EQ' ? { ...each, mask: low, value: value & low } : { ...each, value };
    });
  const names = fc.uniqueArray(fc.constantFrom(...Object.keys(SYSCALLS)), { minLength: 1, maxLength: 40 });
  const rule = fc.record({ names, action, conditions: fc.array(condition, { maxLength: 4 }) });
  const profile: fc.Arbitrary<Profile> = fc.record({
    defaultAction: action,
    architectures: fc.constant('native and compatible' as const),
    rules: fc.array(rule, { maxLength: 12 }),
  });
  const args = fc.array(word, { minLength: 6, maxLength: 6 });
  const where = fc.constantFrom(...ARCHITECTURES);
  const number = fc.oneof(fc.nat(480), fc.integer({ min: 0x0f0000, max: 0x0f0006 }), fc.nat(0x3fffffff));

  test('any profile', () => {
    fc.assert(
      fc.property(
        profile,
        where,
        fc.array(fc.tuple(number, args), { minLength: 20, maxLength: 20 }),
        (each, at, calls) => {
          const facts = factsOf({ arch: at.native });
          const program = compileProfile(each, facts);
          for (const [plain, values] of calls) {
            const call = at.base + plain;
            const { result } = runFilter(program, { audit: at.audit, number: call, args: values });
            expect(result).toBe(expected(each, facts, at, call, values));
          }
        },
      ),
    );
  });

  test('the default profile, every number of every architecture', () => {
    const values = [0n, 38n, 0x10000000n, 0x1_0000_0026n, 8n];
    for (const at of ARCHITECTURES) {
      for (const facts of [
        factsOf({ arch: at.native }),
        factsOf({ arch: at.native, capabilities: capabilitiesOf('ALL') }),
      ]) {
        const program = compileProfile(DEFAULT_PROFILE, facts);
        for (let plain = 0; plain < 480; plain += 1) {
          const call = at.base + plain;
          const first = values[plain % values.length] as bigint;
          const six = [first, 0n, 0n, 0n, 0n, 0n];
          const { result } = runFilter(program, { audit: at.audit, number: call, args: six });
          expect([at.name, plain, result]).toEqual([
            at.name,
            plain,
            expected(DEFAULT_PROFILE, facts, at, call, six),
          ]);
        }
      }
    }
  });

  test('docker’s own form of a rule means the same', () => {
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{}],
      syscalls: [
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 2114060288, op: 'SCMP_CMP_MASKED_EQ' }],
          excludes: { caps: ['CAP_SYS_ADMIN'] },
        },
        {
          names: ['mount'],
          action: 'SCMP_ACT_ALLOW',
          includes: { caps: ['CAP_SYS_ADMIN'], arches: ['amd64'], minKernel: '4.8' },
        },
      ],
    });
    expect(parseProfile(text).rules).toHaveLength(2);
    expect(ask(compile({}, text), X64, 'clone', [17n])).toBe(ALLOW);
    expect(ask(compile({}, text), X64, 'clone', [0x10000000n])).toBe(EPERM);
    expect(ask(compile({}, text), X64, 'mount')).toBe(ENOSYS);
    expect(ask(compile({ capabilities: ['CAP_SYS_ADMIN'] }, text), X64, 'mount')).toBe(ALLOW);
    expect(ask(compile({ capabilities: ['CAP_SYS_ADMIN'] }, text), X64, 'clone', [17n])).toBe(EPERM);
  });
});
