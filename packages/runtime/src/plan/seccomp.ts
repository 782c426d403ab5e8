/**
 * A profile as a seccomp filter. Numbers are found by binary search over ranges of equal treatment, so that a call costs
 * some ten instructions and not hundreds; the kernel's own cache answers those allowed without conditions.
 */
import { fail } from '@orc/model';
import { SECCOMP_CACHE_MAX, SECCOMP_INSTRUCTIONS_MAX } from '../limits.ts';
import {
  ARCHITECTURES,
  type Architecture,
  PRIVATE_FROM,
  syscallNumber,
  X32_BIT,
} from './seccomp/architectures.ts';
import {
  type Code,
  encode,
  ifAll,
  ifEqual,
  ifNotBelow,
  loadArchitecture,
  loadNumber,
  returnAction,
} from './seccomp/bpf.ts';
import { DEFAULT_PROFILE } from './seccomp/default-profile.ts';
import {
  type Action,
  applicableRules,
  type Facts,
  type Profile,
  parseProfile,
  type Rule,
} from './seccomp/profile.ts';

export type SeccompFacts = Facts;

/**
 * An array of `struct sock_filter`, little-endian; undefined for `unconfined`. `profile` is `default`, `unconfined` or
 * JSON in docker's format; `capabilities` are those of the bounding set, with `CAP_`. Throws `input.invalid`. The result
 * is shared by equal calls: not to be written to.
 */
export function compileSeccomp(profile: string, facts: SeccompFacts): Uint8Array | undefined {
  if (profile === 'unconfined') return undefined;
  const key = JSON.stringify([profile, facts.arch, [...facts.capabilities].sort(), facts.kernelVersion]);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const program = compileProfile(profile === 'default' ? DEFAULT_PROFILE : parseProfile(profile), facts);
  if (compiled.size >= SECCOMP_CACHE_MAX) compiled.clear();
  compiled.set(key, program);
  return program;
}

/** Nearly all containers of a host share one filter, and compiling takes longer than the rest of a start's plan. */
const compiled = new Map<string, Uint8Array>();

const KILL: Action = { kind: 'KILL_PROCESS' };
const NO_SUCH_CALL: Action = { kind: 'ERRNO', errno: 38 };

export function compileProfile(profile: Profile, facts: Facts): Uint8Array {
  const rules = applicableRules(profile, facts);
  const architectures = chooseArchitectures(profile, facts);
  const search = (architecture: Architecture): Code =>
    searchTree(rangesOf(architecture, rules, profile.defaultAction));
  const code = [
    loadArchitecture,
    ...architectures
      .filter((each) => each.base === 0)
      .flatMap((each) => ifEqual(each.audit, [loadNumber, ...withX32(each, architectures, search)])),
    returnAction(KILL),
  ];
  if (code.length <= SECCOMP_INSTRUCTIONS_MAX) return encode(code);
  throw fail('input.toolarge', `the seccomp profile makes ${code.length} instructions`, {
    hint: `the kernel takes ${SECCOMP_INSTRUCTIONS_MAX}: use fewer conditions`,
  });
}

/** A profile without the native architecture would kill everything: it is always in. */
function chooseArchitectures(profile: Profile, facts: Facts): readonly Architecture[] {
  const candidates = ARCHITECTURES.filter((each) => each.native === facts.arch);
  if (profile.architectures === 'native and compatible') return candidates;
  const named = profile.architectures === 'native' ? [] : profile.architectures;
  return candidates.filter((each, at) => at === 0 || named.includes(each.name));
}

/** x32 calls arrive as x86_64's with a high bit; where x32 is not wanted, they are foreign. */
function withX32(
  architecture: Architecture,
  all: readonly Architecture[],
  search: (architecture: Architecture) => Code,
): Code {
  const own = search(architecture);
  if (architecture.name !== 'X86_64') return own;
  const x32 = all.find((each) => each.base === X32_BIT);
  return ifNotBelow(X32_BIT, x32 === undefined ? [returnAction(KILL)] : search(x32), own);
}

/** From `from` to the next range's, calls are treated alike. */
type Range = { readonly from: number; readonly code: Code };

function rangesOf(
  architecture: Architecture,
  rules: readonly Rule[],
  defaultAction: Action,
): readonly Range[] {
  const byNumber = new Map<number, Rule[]>();
  for (const rule of rules) {
    for (const number of new Set(rule.names.flatMap((name) => syscallNumber(architecture, name) ?? []))) {
      byNumber.set(number, [...(byNumber.get(number) ?? []), rule]);
    }
  }
  const numbers = [...byNumber.keys()].sort((a, b) => a - b);
  const last = numbers.findLast((each) => each < PRIVATE_FROM || each >= X32_BIT);
  const unknown = [returnAction(isUnknownToProfile(defaultAction) ? NO_SUCH_CALL : defaultAction)];
  const otherwise = (number: number): Code =>
    last !== undefined && number > last ? unknown : [returnAction(defaultAction)];
  const ranges: Range[] = [{ from: architecture.base, code: otherwise(architecture.base) }];
  for (const number of numbers) {
    ranges.push({ from: number, code: decide(byNumber.get(number) ?? [], defaultAction) });
    ranges.push({ from: number + 1, code: otherwise(number + 1) });
  }
  return merge(ranges);
}

/**
 * A call that is newer than the newest one of a profile was not weighed by its author: "no such call" lets programs fall
 * back to older ones, where EPERM would break them (as runc does).
 */
const isUnknownToProfile = (action: Action): boolean => action.kind !== 'ALLOW' && action.kind !== 'LOG';

/** The first rule whose conditions hold; one without conditions ends the list. */
function decide(rules: readonly Rule[], defaultAction: Action): Code {
  return rules.reduceRight<Code>(
    (rest, rule) => {
      const then = [returnAction(rule.action)];
      return rule.conditions.length === 0 ? then : [...ifAll(rule.conditions, then), ...rest];
    },
    [returnAction(defaultAction)],
  );
}

function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const range of ranges) {
    if (merged.at(-1)?.from === range.from) merged.pop();
    const before = merged.at(-1);
    if (before === undefined || !isSame(before.code, range.code)) merged.push(range);
  }
  return merged;
}

const isSame = (a: Code, b: Code): boolean =>
  a.length === b.length && a.every((each, at) => each.every((field, index) => field === b[at]?.[index]));

function searchTree(ranges: readonly Range[]): Code {
  const middle = ranges.length >> 1;
  const pivot = ranges[middle];
  if (pivot === undefined) return [returnAction(KILL)];
  if (ranges.length === 1) return pivot.code;
  return ifNotBelow(pivot.from, searchTree(ranges.slice(middle)), searchTree(ranges.slice(0, middle)));
}
