/** `RUN --mount=…`: a list of `key=value` apart by commas. */
import { posix } from 'node:path';
import { parseBytes } from '@orc/model';

export type RunMountSpec =
  | {
      readonly kind: 'cache';
      readonly id: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** One step at a time; else as many as there are. */
      readonly locked: boolean;
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
    }
  | {
      readonly kind: 'bind';
      /** Stage or image; absent: the context. */
      readonly from?: string;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly sizeBytes?: number }
  | SecretSpec;

/** Never what is in it: this is part of the step's key in the cache. */
export type SecretSpec = {
  readonly kind: 'secret';
  readonly id: string;
  /** Absent: it is only a variable. */
  readonly target?: string;
  /** Name of the variable that has its content. */
  readonly env?: string;
  readonly required: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
};

type Refusal = { readonly error: string; readonly hint?: string };
/** `mount` absent: there is nothing to mount (an ssh agent that is not required). */
export type ReadMount = { readonly mount?: RunMountSpec } | Refusal;

export function readMount(text: string): ReadMount {
  const options = readOptions(text);
  if ('error' in options) return options;
  const type = options.get('type') ?? 'bind';
  const allowed = KEYS[type];
  if (allowed === undefined)
    return { error: `${type} is no type of mount`, hint: 'bind, cache, tmpfs or secret' };
  const unknown = [...options.keys()].find((key) => key !== 'type' && !allowed.includes(key));
  if (unknown !== undefined)
    return { error: `a ${type} mount takes no ${unknown}`, hint: `it takes ${allowed.join(', ')}` };
  return READERS[type]?.(options) ?? { error: `${type} is no type of mount` };
}

type Options = ReadonlyMap<string, string>;

const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const KEYS: Readonly<Record<string, readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'],
  cache: ['id', 'target', 'sharing', 'uid', 'gid', 'mode', 'readonly', 'readwrite'],
  tmpfs: ['target', 'size'],
  secret: ['id', 'target', 'required', 'mode', 'uid', 'gid', 'env', 'source'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid', 'source'],
};

function readOptions(text: string): Map<string, string> | Refusal {
  const options = new Map<string, string>();
  for (const part of text.split(',')) {
    const [written = '', ...rest] = part.trim().split('=');
    const key = ALIASES[written.toLowerCase()] ?? written.toLowerCase();
    if (key === '') return { error: `${text} is no mount`, hint: 'such as type=cache,target=/root/.cache' };
    options.set(key, rest.length === 0 ? 'true' : rest.join('='));
  }
  return options;
}

const READERS: Readonly<Record<string, (options: Options) => ReadMount>> = {
  bind: readBind,
  cache: readCache,
  tmpfs: readTmpfs,
  secret: readSecret,
  ssh: readSsh,
};

const isSet = (options: Options, key: string): boolean => options.has(key) && options.get(key) !== 'false';

/** Builds are given no agent: what does not insist on one runs without, as in docker. */
function readSsh(options: Options): ReadMount {
  if (!isSet(options, 'required')) return {};
  return { error: 'a build has no ssh agent to give', hint: 'fetch what needs it before, and COPY it' };
}

/** As docker has it: below /run/secrets unless something else is said, and readable for its owner alone. */
function readSecret(options: Options): ReadMount {
  const [target, env] = [options.get('target'), options.get('env')];
  const id =
    options.get('source') ?? options.get('id') ?? (target === undefined ? '' : posix.basename(target));
  if (id === '')
    return { error: 'a secret mount needs an id', hint: 'id=NAME, as in --secret id=NAME,src=FILE' };
  if (env !== undefined && !/^[^=\0]+$/.test(env))
    return { error: 'env of a secret mount names no variable', hint: 'env=NAME' };
  const owner = readOwner(options, '400');
  if ('error' in owner) return owner;
  const place = target ?? (env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined);
  return {
    mount: {
      kind: 'secret',
      id,
      required: isSet(options, 'required'),
      ...owner,
      ...(place === undefined ? {} : { target: place }),
      ...(env === undefined ? {} : { env }),
    },
  };
}

type OwnerAndMode = { readonly uid: number; readonly gid: number; readonly mode: number };

function readOwner(options: Options, mode: string): OwnerAndMode | Refusal {
  const numbers = ['uid', 'gid', 'mode'].map(
    (key) => [key, options.get(key) ?? (key === 'mode' ? mode : '0')] as const,
  );
  const wrong = numbers.find(([key, text]) => !(key === 'mode' ? /^[0-7]{3,4}$/ : /^\d{1,9}$/).test(text));
  if (wrong !== undefined) return { error: `${wrong[1]} is no ${wrong[0]}` };
  const [uid, gid, bits] = numbers.map(([key, text]) => Number.parseInt(text, key === 'mode' ? 8 : 10));
  return { uid: uid as number, gid: gid as number, mode: bits as number };
}

const NO_TARGET: Refusal = { error: 'a mount needs a target', hint: 'target=/path' };

function readBind(options: Options): ReadMount {
  const target = options.get('target');
  const from = options.get('from');
  if (target === undefined || target === '') return NO_TARGET;
  if (from?.includes('$') === true)
    return { error: 'from of a mount takes no variables', hint: 'name a stage' };
  const readOnly = !isSet(options, 'readwrite') && options.get('readonly') !== 'false';
  const source = options.get('source') ?? '/';
  return { mount: { kind: 'bind', source, target, readOnly, ...(from === undefined ? {} : { from }) } };
}

function readCache(options: Options): ReadMount {
  const target = options.get('target');
  if (target === undefined || target === '') return NO_TARGET;
  const sharing = options.get('sharing') ?? 'shared';
  if (!['shared', 'private', 'locked'].includes(sharing)) {
    return { error: `${sharing} is no sharing of a cache`, hint: 'shared, private or locked' };
  }
  const owner = readOwner(options, '755');
  if ('error' in owner) return owner;
  const readOnly = isSet(options, 'readonly') && !isSet(options, 'readwrite');
  const id = options.get('id') ?? target;
  return { mount: { kind: 'cache', id, target, readOnly, locked: sharing !== 'shared', ...owner } };
}

function readTmpfs(options: Options): ReadMount {
  const target = options.get('target');
  if (target === undefined || target === '') return NO_TARGET;
  const size = options.get('size');
  const sizeBytes = size === undefined ? undefined : parseBytes(size);
  if (size !== undefined && sizeBytes === undefined)
    return { error: `${size} is no size`, hint: 'such as 64m' };
  return { mount: { kind: 'tmpfs', target, ...(sizeBytes === undefined ? {} : { sizeBytes }) } };
}
