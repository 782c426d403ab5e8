/**
 * Classic BPF as seccomp(2) takes it (struct sock_filter, struct seccomp_data): relative jumps forward only, eight bits
 * far but for JUMP. Pieces are lists of instructions that end in a return, so that they can be put one after the other.
 */
import type { Action, Condition } from './profile.ts';

export type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, k: number];
export type Code = readonly Instruction[];

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const IF_EQUAL = 0x15;
const IF_ABOVE = 0x25;
const IF_NOT_BELOW = 0x35;
const RETURN = 0x06;
const JUMP_MAX = 255;

const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const OFFSET_ARGUMENTS = 16;

export const loadNumber: Instruction = [LOAD, 0, 0, OFFSET_NUMBER];
export const loadArchitecture: Instruction = [LOAD, 0, 0, OFFSET_ARCHITECTURE];

const RESULTS: Readonly<Record<Action['kind'], number>> = {
  KILL_PROCESS: 0x80000000,
  KILL_THREAD: 0x00000000,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
};

export const returnAction = (action: Action): Instruction => [
  RETURN,
  0,
  0,
  (RESULTS[action.kind] | ('errno' in action ? action.errno : 0)) >>> 0,
];

/** `then` when the loaded word is `value`; falls through to what follows when not. */
export const ifEqual = (value: number, then: Code): Code => [
  [IF_EQUAL, 1, 0, value],
  [JUMP, 0, 0, then.length],
  ...then,
];

/** Both end in a return. */
export function ifNotBelow(value: number, then: Code, otherwise: Code): Code {
  if (otherwise.length <= JUMP_MAX)
    return [[IF_NOT_BELOW, otherwise.length, 0, value], ...otherwise, ...then];
  return [[IF_NOT_BELOW, 0, 1, value], [JUMP, 0, 0, otherwise.length], ...otherwise, ...then];
}

/** `then` when all conditions hold; falls through when one does not. */
export function ifAll(conditions: readonly Condition[], then: Code): Code {
  return conditions.reduceRight<Code>((rest, each) => {
    const steps = each.bits === 32 ? lowSteps(each) : wholeSteps(each);
    return [...steps.map((step, at) => place(step, steps.length - at - 1, rest.length)), ...rest];
  }, then);
}

type Target = 'next' | 'holds' | 'fails';
type Step =
  | { readonly code: number; readonly k: number }
  | { readonly code: number; readonly k: number; readonly whenTrue: Target; readonly whenFalse: Target };

/** `left` steps of this test follow, then `rest` instructions of what it guards. */
function place(step: Step, left: number, rest: number): Instruction {
  if (!('whenTrue' in step)) return [step.code, 0, 0, step.k];
  const distance = { next: 0, holds: left, fails: left + rest };
  return [step.code, distance[step.whenTrue], distance[step.whenFalse], step.k];
}

const low = (value: bigint): number => Number(value & 0xffffffffn);
const high = (value: bigint): number => Number(value >> 32n);
const test = (code: number, k: number, whenTrue: Target, whenFalse: Target): Step => ({
  code,
  k,
  whenTrue,
  whenFalse,
});
const load = (offset: number, mask: number | undefined): readonly Step[] => [
  { code: LOAD, k: offset },
  ...(mask === undefined ? [] : [{ code: AND, k: mask }]),
];

const LOW_TESTS: Readonly<Record<Condition['op'], readonly [number, Target, Target]>> = {
  EQ: [IF_EQUAL, 'holds', 'fails'],
  MASKED_EQ: [IF_EQUAL, 'holds', 'fails'],
  NE: [IF_EQUAL, 'fails', 'holds'],
  GT: [IF_ABOVE, 'holds', 'fails'],
  LE: [IF_ABOVE, 'fails', 'holds'],
  GE: [IF_NOT_BELOW, 'holds', 'fails'],
  LT: [IF_NOT_BELOW, 'fails', 'holds'],
};

function lowSteps({ index, op, value, mask }: Condition): readonly Step[] {
  const [code, whenTrue, whenFalse] = LOW_TESTS[op];
  const masked = mask === undefined ? undefined : low(mask);
  return [...load(OFFSET_ARGUMENTS + index * 8, masked), test(code, low(value), whenTrue, whenFalse)];
}

/** The high half decides, unless it is equal: then the low one. */
function wholeSteps(condition: Condition): readonly Step[] {
  const { index, op, value, mask } = condition;
  const masked = mask === undefined ? undefined : high(mask);
  const unequal: Target = op === 'NE' ? 'holds' : 'fails';
  const above: Target = op === 'GT' || op === 'GE' ? 'holds' : 'fails';
  const below: Target = above === 'holds' ? 'fails' : 'holds';
  const isOrder = op !== 'EQ' && op !== 'NE' && op !== 'MASKED_EQ';
  return [
    ...load(OFFSET_ARGUMENTS + index * 8 + 4, masked),
    ...(isOrder ? [test(IF_ABOVE, high(value), above, 'next')] : []),
    test(IF_EQUAL, high(value), 'next', isOrder ? below : unequal),
    ...lowSteps(condition),
  ];
}

export function encode(code: Code): Uint8Array {
  const bytes = new Uint8Array(code.length * 8);
  const view = new DataView(bytes.buffer);
  code.forEach(([operation, whenTrue, whenFalse, k], at) => {
    view.setUint16(at * 8, operation, true);
    view.setUint8(at * 8 + 2, whenTrue);
    view.setUint8(at * 8 + 3, whenFalse);
    view.setUint32(at * 8 + 4, k, true);
  });
  return bytes;
}
