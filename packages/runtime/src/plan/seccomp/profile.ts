/** A seccomp profile: docker's JSON read once, and cut down to what holds for one container. */
import { fail } from '@orc/model';

export type Action =
  | { readonly kind: 'ALLOW' | 'LOG' | 'TRAP' | 'KILL_THREAD' | 'KILL_PROCESS' }
  | { readonly kind: 'ERRNO' | 'TRACE'; readonly errno: number };

export type Condition = {
  /** 0 to 5. */
  readonly index: number;
  readonly op: 'EQ' | 'NE' | 'LT' | 'LE' | 'GT' | 'GE' | 'MASKED_EQ';
  readonly value: bigint;
  /** MASKED_EQ: `(argument & mask) == value`. */
  readonly mask?: bigint;
  /** 32: only the low half counts, as for an argument that the kernel declares int. */
  readonly bits: 32 | 64;
};

type Selector = {
  readonly capabilities?: readonly string[];
  /** Docker's names: amd64, x86, x32, arm64, arm. */
  readonly architectures?: readonly string[];
};

/** `conditions` must all hold. */
export type Rule = {
  readonly names: readonly string[];
  readonly action: Action;
  readonly conditions: readonly Condition[];
  readonly includes?: Selector;
  readonly excludes?: Selector;
  readonly minKernel?: readonly [number, number];
};

export type Profile = {
  readonly defaultAction: Action;
  /** libseccomp's names without SCMP_ARCH_. */
  readonly architectures: 'native' | 'native and compatible' | readonly string[];
  readonly rules: readonly Rule[];
};

export type Facts = {
  readonly arch: 'x64' | 'arm64';
  readonly capabilities: readonly string[];
  readonly kernelVersion: readonly [number, number];
};

const DOCKER_NAMES = { x64: 'amd64', arm64: 'arm64' } as const;

/** Rules that hold here, in their order: the first whose conditions hold decides. */
export function applicableRules(profile: Profile, facts: Facts): readonly Rule[] {
  return profile.rules.filter((rule) => {
    if (rule.minKernel !== undefined && isOlder(facts.kernelVersion, rule.minKernel)) return false;
    return includes(rule.includes, facts) && !excludes(rule.excludes, facts);
  });
}

const isOlder = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** All of the capabilities, and one of the architectures. */
const includes = (selector: Selector | undefined, facts: Facts): boolean =>
  (selector?.capabilities ?? []).every((each) => holds(facts, each)) &&
  (selector?.architectures?.includes(DOCKER_NAMES[facts.arch]) ?? true);

const excludes = (selector: Selector | undefined, facts: Facts): boolean =>
  (selector?.capabilities ?? []).some((each) => holds(facts, each)) ||
  (selector?.architectures?.includes(DOCKER_NAMES[facts.arch]) ?? false);

const holds = (facts: Facts, capability: string): boolean => facts.capabilities.includes(capability);

/** Throws `input.invalid` with the path of what is wrong. */
export function parseProfile(json: string): Profile {
  const root = asObject(parseExactly(json), 'the profile');
  const rules = asArray(root['syscalls'] ?? [], 'syscalls');
  return {
    defaultAction: parseAction(root['defaultAction'], root['defaultErrnoRet'], 'defaultAction'),
    architectures: parseArchitectures(root),
    rules: rules.flatMap((each, at) => parseRule(asObject(each, `syscalls[${at}]`), `syscalls[${at}]`)),
  };
}

type Json = Readonly<Record<string, unknown>>;

/** Values of arguments have 64 bits, more than a JSON number keeps: they are read from the source text. */
function parseExactly(json: string): unknown {
  const revive = (key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || (key !== 'value' && key !== 'valueTwo')) return value;
    return /^\d+$/.test(context?.source ?? String(value)) ? BigInt(context?.source ?? value) : value;
  };
  try {
    return JSON.parse(json, revive);
  } catch (error) {
    throw wrong(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Docker's archMap asks for the compatible ones too; without either, only the native one. */
function parseArchitectures(root: Json): Profile['architectures'] {
  if (root['architectures'] !== undefined) {
    return asArray(root['architectures'], 'architectures').map((each) =>
      asString(each, 'architectures').replace(/^SCMP_ARCH_/, ''),
    );
  }
  return asArray(root['archMap'] ?? [], 'archMap').length > 0 ? 'native and compatible' : 'native';
}

/** Several conditions on one argument are alternatives (as runc reads them), else all must hold. */
function parseRule(rule: Json, path: string): readonly Rule[] {
  const names = rule['names'] ?? (rule['name'] === undefined ? [] : [rule['name']]);
  const conditions = asArray(rule['args'] ?? [], `${path}.args`).map((each, at) =>
    parseCondition(asObject(each, `${path}.args[${at}]`), `${path}.args[${at}]`),
  );
  const [includes, excludes] = [
    asObject(rule['includes'] ?? {}, path),
    asObject(rule['excludes'] ?? {}, path),
  ];
  const base = {
    names: asArray(names, `${path}.names`).map((each) => asString(each, `${path}.names`)),
    action: parseAction(rule['action'], rule['errnoRet'], `${path}.action`),
    includes: parseSelector(includes, path),
    excludes: parseSelector(excludes, path),
    ...parseMinKernel(includes['minKernel'], path),
  };
  const alternatives = new Set(conditions.map((each) => each.index)).size < conditions.length;
  return (alternatives ? conditions.map((each) => [each]) : [conditions]).map((each) => ({
    ...base,
    conditions: each,
  }));
}

function parseSelector(selector: Json, path: string): Selector {
  const list = (key: string): readonly string[] =>
    asArray(selector[key] ?? [], `${path}.${key}`).map((each) => asString(each, `${path}.${key}`));
  const architectures = list('arches');
  return { capabilities: list('caps'), ...(architectures.length === 0 ? {} : { architectures }) };
}

function parseMinKernel(value: unknown, path: string): Pick<Rule, 'minKernel'> {
  if (value === undefined || value === '') return {};
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(asString(value, `${path}.minKernel`)) ?? [];
  if (major === undefined) throw wrong(`${path}.minKernel is no version such as "4.8"`);
  return { minKernel: [Number(major), Number(minor)] };
}

const OPERATORS: ReadonlySet<string> = new Set(['EQ', 'NE', 'LT', 'LE', 'GT', 'GE', 'MASKED_EQ']);

function parseCondition(arg: Json, path: string): Condition {
  const op = asString(arg['op'], `${path}.op`).replace(/^SCMP_CMP_/, '');
  if (!OPERATORS.has(op)) throw wrong(`${path}.op is unknown: ${JSON.stringify(arg['op'])}`);
  const index = arg['index'] ?? 0;
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index > 5) {
    throw wrong(`${path}.index is not 0 to 5`);
  }
  const value = as64(arg['value'] ?? 0n, `${path}.value`);
  const second = as64(arg['valueTwo'] ?? 0n, `${path}.valueTwo`);
  const operands = op === 'MASKED_EQ' ? { mask: value, value: second } : { value };
  return { index, op: op as Condition['op'], bits: 64, ...operands };
}

const ACTIONS: Readonly<Record<string, Action['kind']>> = {
  SCMP_ACT_ALLOW: 'ALLOW',
  SCMP_ACT_ERRNO: 'ERRNO',
  SCMP_ACT_KILL: 'KILL_THREAD',
  SCMP_ACT_KILL_THREAD: 'KILL_THREAD',
  SCMP_ACT_KILL_PROCESS: 'KILL_PROCESS',
  SCMP_ACT_LOG: 'LOG',
  SCMP_ACT_TRACE: 'TRACE',
  SCMP_ACT_TRAP: 'TRAP',
};
const EPERM = 1;
const ERRNO_MAX = 4095;

function parseAction(value: unknown, errno: unknown, path: string): Action {
  const kind = ACTIONS[asString(value, path)];
  if (kind === undefined) throw wrong(`${path} is unknown: ${JSON.stringify(value)}`);
  if (kind !== 'ERRNO' && kind !== 'TRACE') return { kind };
  const number = errno ?? EPERM;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= ERRNO_MAX) {
    return { kind, errno: number };
  }
  throw wrong(`the errno of ${path} is not 0 to ${ERRNO_MAX}`);
}

function asObject(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(`${path} is no object`);
}

function asArray(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null) return [];
  throw wrong(`${path} is no list`);
}

function asString(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw wrong(`${path} is no text`);
}

function as64(value: unknown, path: string): bigint {
  if (typeof value === 'bigint' && value >= 0n && value < 1n << 64n) return value;
  throw wrong(`${path} is no number of 64 bits`);
}

const wrong = (what: string): Error =>
  fail('input.invalid', `seccomp profile: ${what}`, { hint: "it has to be JSON in docker's format" });
