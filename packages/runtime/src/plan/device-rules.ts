/**
 * Which devices a cgroup's processes may open or make: lines for v1's files, or a program for v2
 * (BPF_PROG_TYPE_CGROUP_DEVICE, uapi/linux/bpf.h). Both mean what v1's kernel code means.
 */
import { fail } from '@orc/model';
import type { CgroupWrite } from './cgroups.ts';
import type { DeviceRule } from './paths.ts';

const RULE = /^([abc]) (\*|[0-9]{1,7}):(\*|[0-9]{1,7}) ([rwm]{1,3})$/;

/** `c 13:* rwm`, as docker's `device_cgroup_rules`; `allow` is true. Throws `input.invalid`. */
export function parseDeviceRule(text: string): DeviceRule {
  const [, type, major = '*', minor = '*', access = ''] = RULE.exec(text) ?? [];
  if (type === undefined) {
    throw fail('input.invalid', `no device rule: ${JSON.stringify(text)}`, {
      hint: 'write it as "c 13:* rwm"',
    });
  }
  return {
    allow: true,
    type: type as DeviceRule['type'],
    access: [...new Set(access)].join(''),
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
  };
}

export const allowsEverything = (rules: readonly DeviceRule[]): boolean => {
  const { fallback, exceptions } = settle(rules);
  return fallback && exceptions.length === 0;
};

/** v1: one write each; the kernel takes one rule at a time. */
export function deviceWrites(rules: readonly DeviceRule[]): readonly CgroupWrite[] {
  const { fallback, exceptions } = settle(rules);
  return [
    deviceWrite(fallback, 'a *:* rwm'),
    ...exceptions.map((each) => {
      const numbers = `${each.major ?? '*'}:${each.minor ?? '*'}`;
      return deviceWrite(!fallback, `${each.type} ${numbers} ${accessLetters(each.access)}`);
    }),
  ];
}

const deviceWrite = (allow: boolean, value: string): CgroupWrite => ({
  controller: 'devices',
  file: allow ? 'devices.allow' : 'devices.deny',
  value,
});

/** v2: eBPF instructions of eight bytes each. Load it with bpf(2) and attach it to the cgroup as BPF_CGROUP_DEVICE. */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const { fallback, exceptions } = settle(rules);
  const code = [
    ...LOAD_CONTEXT,
    ...exceptions.flatMap((each) => exceptionCode(each, fallback)),
    ...verdict(fallback),
  ];
  const bytes = new Uint8Array(code.length * 8);
  const view = new DataView(bytes.buffer);
  code.forEach(([opcode, registers, offset, immediate], at) => {
    view.setUint8(at * 8, opcode);
    view.setUint8(at * 8 + 1, registers);
    view.setInt16(at * 8 + 2, offset, true);
    view.setInt32(at * 8 + 4, immediate, true);
  });
  return bytes;
}

const MKNOD = 1;
const READ = 2;
const WRITE = 4;
const ANY = MKNOD | READ | WRITE;
const BITS: Readonly<Record<string, number>> = { m: MKNOD, r: READ, w: WRITE };

const accessBits = (letters: string): number =>
  [...letters].reduce((bits, letter) => bits | (BITS[letter] ?? 0), 0);
const accessLetters = (bits: number): string =>
  ['r', 'w', 'm'].filter((letter) => bits & (BITS[letter] as number)).join('');

type Exception = {
  readonly type: 'b' | 'c';
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly access: number;
};
type Settled = { readonly fallback: boolean; readonly exceptions: readonly Exception[] };

/**
 * What the kernel keeps: a fallback and exceptions to it. A rule for everything starts over; one that agrees with the
 * fallback takes its bits from the exception of the very same device, any other adds to it.
 */
function settle(rules: readonly DeviceRule[]): Settled {
  let fallback = true;
  const exceptions = new Map<string, Exception>();
  for (const rule of rules) {
    if (isEverything(rule)) {
      fallback = rule.allow;
      exceptions.clear();
      continue;
    }
    for (const type of rule.type === 'a' ? (['b', 'c'] as const) : [rule.type]) {
      const key = `${type} ${rule.major}:${rule.minor}`;
      const before = exceptions.get(key)?.access ?? 0;
      const bits = accessBits(rule.access);
      const access = rule.allow === fallback ? before & ~bits : before | bits;
      if (access === 0) exceptions.delete(key);
      else exceptions.set(key, { type, major: rule.major, minor: rule.minor, access });
    }
  }
  return { fallback, exceptions: [...exceptions.values()] };
}

const isEverything = (rule: DeviceRule): boolean =>
  rule.type === 'a' &&
  rule.major === undefined &&
  rule.minor === undefined &&
  accessBits(rule.access) === ANY;

/** opcode, source and destination register, jump offset, immediate. */
type Instruction = readonly [opcode: number, registers: number, offset: number, immediate: number];

const LOAD_WORD = 0x61;
const MOVE_REGISTER = 0xbc;
const MOVE = 0xb7;
const AND = 0x54;
const SHIFT_RIGHT = 0x74;
const JUMP_NOT_EQUAL = 0x55;
const JUMP_EQUAL = 0x15;
const EXIT = 0x95;
/** r1 is the context first and scratch then; r2 type, r3 access, r4 major, r5 minor. */
const registers = (destination: number, source = 0): number => destination | (source << 4);

const LOAD_CONTEXT: readonly Instruction[] = [
  [LOAD_WORD, registers(2, 1), 0, 0],
  [MOVE_REGISTER, registers(3, 2), 0, 0],
  [AND, registers(2), 0, 0xffff],
  [SHIFT_RIGHT, registers(3), 0, 16],
  [LOAD_WORD, registers(4, 1), 4, 0],
  [LOAD_WORD, registers(5, 1), 8, 0],
];

const verdict = (allow: boolean): readonly Instruction[] => [
  [MOVE, registers(0), 0, allow ? 1 : 0],
  [EXIT, 0, 0, 0],
];

/**
 * An exception that allows has to grant all that is asked for; one that denies applies when any of it is. Each test
 * jumps behind the exception; the distance is known once its length is.
 */
function exceptionCode(each: Exception, fallback: boolean): readonly Instruction[] {
  const tests: (readonly Instruction[])[] = [[[JUMP_NOT_EQUAL, registers(2), 0, each.type === 'b' ? 1 : 2]]];
  if (each.access !== ANY) {
    tests.push([
      [MOVE_REGISTER, registers(1, 3), 0, 0],
      [AND, registers(1), 0, fallback ? each.access : ANY & ~each.access],
      [fallback ? JUMP_EQUAL : JUMP_NOT_EQUAL, registers(1), 0, 0],
    ]);
  }
  if (each.major !== undefined) tests.push([[JUMP_NOT_EQUAL, registers(4), 0, each.major]]);
  if (each.minor !== undefined) tests.push([[JUMP_NOT_EQUAL, registers(5), 0, each.minor]]);
  const code = [...tests.flat(), ...verdict(!fallback)];
  return code.map(([opcode, regs, offset, immediate], at) =>
    opcode === JUMP_NOT_EQUAL || opcode === JUMP_EQUAL
      ? [opcode, regs, code.length - 1 - at, immediate]
      : [opcode, regs, offset, immediate],
  );
}
