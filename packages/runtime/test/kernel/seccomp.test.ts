/** The kernel takes the filter and answers as the profile says; without it, each of these calls answers otherwise. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { resolveCapabilities } from '../../src/plan/capabilities.ts';
import { compileSeccomp } from '../../src/plan/seccomp.ts';
import { ARCHITECTURES, type Architecture, syscallNumber } from '../../src/plan/seccomp/architectures.ts';

const arch = process.arch as 'x64' | 'arm64';
const native = ARCHITECTURES.find((each) => each.native === arch) as Architecture;
const { EPERM, ENOSYS } = constants.errno;

/** Arguments that the kernel refuses in another way than by EPERM, so that the filter's answer is told apart. */
const CALLS: readonly (readonly [name: string, args: readonly number[], errno: number])[] = [
  ['mount', [0, 0, 0, 0, 0], EPERM],
  ['umount2', [0, 0], EPERM],
  ['unshare', [0], EPERM],
  ['setns', [-1, 0], EPERM],
  ['keyctl', [9999], EPERM],
  ['add_key', [0], EPERM],
  ['request_key', [0], EPERM],
  ['bpf', [9999, 0, 0], EPERM],
  ['userfaultfd', [0xfff0], EPERM],
  ['io_uring_setup', [0, 0], EPERM],
  ['open_by_handle_at', [-1, 0, 0], EPERM],
  ['perf_event_open', [0, 0, 0, -1, 0], EPERM],
  ['socket', [38, -1, 0], EPERM],
  ['socket', [40, -1, 0], EPERM],
  ['socket', [2 ** 32 + 38, -1, 0], EPERM],
  ['clone', [0x10000000 | 0x10000], EPERM],
  ['clone3', [0, 0], ENOSYS],
];
const ALLOWED: readonly (readonly [name: string, args: readonly number[]])[] = [
  ['getpid', []],
  ['socket', [1, 1, 0]],
  ['personality', [0xffffffff]],
  ['sched_yield', []],
];

function errnos(calls: readonly (readonly [string, readonly number[], ...unknown[]])[], filter?: Uint8Array) {
  const numbered = calls.map(([name, args]) => [syscallNumber(native, name), ...args]);
  const script = `${import.meta.dirname}/seccomp-child.ts`;
  const ended = spawnSync(process.execPath, [script, JSON.stringify(numbered)], {
    input: filter ?? '',
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (ended.status !== 0) throw new Error(`${ended.signal ?? ended.status}: ${ended.stderr}`);
  const answers = JSON.parse(ended.stdout) as readonly number[];
  return calls.map(([name, args], at) => [name, args, answers[at]]);
}

const filterFor = (add: readonly string[], profile = 'default') => {
  const capabilities = resolveCapabilities({ add, drop: [], privileged: false, uid: 0 }).names;
  return compileSeccomp(profile, { arch, capabilities, kernelVersion: [6, 1] });
};

describe('the compiled filter in the kernel', () => {
  test('the default profile refuses, and lets through', () => {
    expect(errnos(CALLS, filterFor([]))).toEqual(CALLS);
    expect(errnos(ALLOWED, filterFor([]))).toEqual(ALLOWED.map((each) => [...each, 0]));
  });

  test('without it none of these calls is refused that way', () => {
    const safe = CALLS.filter(([name]) => name !== 'clone');
    const same = errnos(safe).filter(([, , errno], at) => errno === safe[at]?.[2]);
    // Some kernels lack a call altogether, and some hosts forbid one themselves.
    expect(same.length).toBeLessThan(3);
  });

  test('SYS_ADMIN opens its calls', () => {
    const calls = CALLS.filter(([name]) => ['mount', 'unshare', 'setns', 'clone3', 'bpf'].includes(name));
    const answers = errnos(calls, filterFor(['SYS_ADMIN']));
    expect(answers.filter(([, , errno], at) => errno === calls[at]?.[2])).toEqual([]);
  });

  test('a profile of the user’s', () => {
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
    });
    expect(errnos([['getpid', []]], filterFor([], profile))).toEqual([['getpid', [], 95]]);
  });

  test('all capabilities, whose filter is the largest', () => {
    expect(errnos(ALLOWED, filterFor(['ALL']))).toEqual(ALLOWED.map((each) => [...each, 0]));
  });
});
