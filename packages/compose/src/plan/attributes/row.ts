/** The shape of a row of the attribute table. */
import type { CheckName } from './checks.ts';

/**
 * How a value of one file becomes its long form, before files are merged. One function each in
 * `5-canonical`.
 */
export type FormName =
  | 'args'
  | 'bool'
  | 'buildContext'
  | 'bytes'
  | 'command'
  | 'contexts'
  | 'dependsOn'
  | 'device'
  | 'deviceCount'
  | 'duration'
  | 'environment'
  | 'envFiles'
  | 'expose'
  | 'external'
  | 'extraHosts'
  | 'file'
  | 'fileRefs'
  | 'float'
  | 'gpus'
  | 'healthTest'
  | 'int'
  | 'labels'
  | 'mode'
  | 'models'
  | 'networks'
  | 'path'
  | 'ports'
  | 'sizeOrUnlimited'
  | 'ssh'
  | 'string'
  | 'strings'
  | 'stringMap'
  | 'ulimit'
  | 'volumes';

/**
 * How a later file's value meets an earlier one. Default: mappings key by key, lists one after the other,
 * anything else is replaced. `by:…` are lists in which a later entry with the same key takes the place of
 * the earlier.
 */
export type MergeName =
  | 'replace'
  | 'replaceUnlike'
  | 'logging'
  | 'unique'
  | 'by:target'
  | 'by:port'
  | 'by:secret'
  | 'by:config'
  | 'by:path'
  | 'by:device'
  | 'subnets';

/** What becomes of the attribute when the project runs. */
export type Honour =
  | { readonly kind: 'yes' }
  | { readonly kind: 'emulated'; readonly how: string }
  /** Accepted, and nothing follows from it; `warn` says so on each load. */
  | { readonly kind: 'noeffect'; readonly why: string; readonly warn: boolean }
  | { readonly kind: 'no'; readonly why: string; readonly instead: string }
  /** Honoured for these values, refused for others. */
  | {
      readonly kind: 'only';
      readonly values: readonly string[];
      /** Of the values; absent: they are words, as they stand. */
      readonly pattern?: RegExp;
      readonly why: string;
      readonly instead: string;
    };

export type Row = {
  /** `*` stands for any key of a map or index of a list. */
  readonly path: string;
  readonly form: FormName | undefined;
  readonly merge: MergeName | undefined;
  /** What is looked at beyond its schema, once all files are one. */
  readonly checks: readonly CheckName[];
  readonly honour: Honour;
  /** What it is where what stands around it is there and it is not; the model says so. */
  readonly default: string | boolean | undefined;
};

export type ShortRow = readonly [
  path: string,
  form: FormName | '',
  merge: MergeName | '',
  honour: Honour,
  preset?: string | boolean,
];

export const YES: Honour = { kind: 'yes' };
export const emulated = (how: string): Honour => ({ kind: 'emulated', how });
export const silent = (why: string): Honour => ({ kind: 'noeffect', why, warn: false });
export const warned = (why: string): Honour => ({ kind: 'noeffect', why, warn: true });
export const no = (why: string, instead: string): Honour => ({ kind: 'no', why, instead });
export const only = (values: readonly string[], why: string, instead: string): Honour => ({
  kind: 'only',
  values,
  why,
  instead,
});

/** As `only`, for values that are told by `words` and their pattern. */
export const onlyLike = (words: string, pattern: RegExp, why: string, instead: string): Honour => ({
  kind: 'only',
  values: [words],
  pattern,
  why,
  instead,
});

/** Attributes that are what they are: no other form, no rule of merging, honoured. */
export const plainRows = (...paths: readonly string[]): readonly ShortRow[] =>
  paths.map((path) => [path, '', '', YES]);

export const WINDOWS = no('it concerns Windows containers', 'remove it');
