/** `-v`, `--mount` and `--tmpfs`. */
import { isAbsolute, resolve } from 'node:path';
import { type Mount, type Propagation, fail, parseBytes } from '@orc/model';
import type { Flags } from '../cli/command.ts';

export const mountsFrom = (flags: Flags, cwd: string): readonly Mount[] => [
  ...flags.list('volume').map((word) => parseVolume(word, cwd)),
  ...flags.list('mount').map((word) => parseMount(word, cwd)),
  ...flags.list('tmpfs').map(parseTmpfs),
];

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;
const isPropagation = (word: string): word is Propagation => PROPAGATIONS.some((each) => each === word);

/** `[source:]target[:options]`; a source with a slash or a dot in front is a path, else a volume's name. */
export function parseVolume(word: string, cwd: string): Mount {
  const parts = word.split(':');
  const malformed = (why: string): Error =>
    fail('usage.invalid', `--volume ${word} is malformed: ${why}`, {
      hint: 'write data:/var/lib/data or ./src:/app:ro',
    });
  if (parts.length > 3 || parts.some((part) => part === '')) throw malformed('too many or empty parts');
  const [source, target, options = ''] =
    parts.length === 1 ? [undefined, parts[0] as string] : (parts as [string, string, string?]);
  if (!isAbsolute(target)) throw malformed(`the target ${target} is not absolute`);
  const words = options.split(',').filter((each) => each !== '');
  const unknown = words.find(
    (each) =>
      !['ro', 'rw', 'z', 'Z', 'nocopy', 'cached', 'delegated', 'consistent'].includes(each) &&
      !isPropagation(each),
  );
  if (unknown !== undefined) throw malformed(`the option ${unknown} is unknown`);
  const readOnly = words.includes('ro') ? { readOnly: true } : {};
  const propagation = words.find(isPropagation);
  if (source === undefined) return { type: 'volume', target, ...readOnly };
  if (/^[./~]/.test(source))
    return {
      type: 'bind',
      source: resolve(cwd, source),
      target,
      createHostPath: true,
      ...readOnly,
      ...(propagation === undefined ? {} : { propagation }),
    };
  return {
    type: 'volume',
    source,
    target,
    ...readOnly,
    ...(words.includes('nocopy') ? { nocopy: true } : {}),
  };
}

/** docker's `--mount`: comma-separated `key=value`, bare keys are true. */
function parseMount(word: string, cwd: string): Mount {
  const fields = new Map(
    word.split(',').map((part): [string, string] => {
      const at = part.indexOf('=');
      return at === -1 ? [part, 'true'] : [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const take = (...names: readonly string[]): string | undefined => {
    const name = names.find((each) => fields.has(each));
    const value = name === undefined ? undefined : fields.get(name);
    for (const each of names) fields.delete(each);
    return value;
  };
  const type = take('type') ?? 'volume';
  const target = take('target', 'destination', 'dst');
  const source = take('source', 'src');
  const readOnly = take('readonly', 'ro') === 'true' ? { readOnly: true } : {};
  if (target === undefined)
    throw fail('usage.invalid', `--mount ${word} has no target`, { hint: 'add target=/path' });
  const mount = mountOf(word, type, { target, source, readOnly, take, cwd });
  const [left] = fields.keys();
  if (left !== undefined)
    throw fail('usage.invalid', `--mount ${word} has the unknown key ${left}`, {
      hint: 'write type=bind,source=/path,target=/path,readonly',
    });
  return mount;
}

type MountParts = {
  readonly target: string;
  readonly source: string | undefined;
  readonly readOnly: { readonly readOnly?: boolean };
  readonly take: (...names: readonly string[]) => string | undefined;
  readonly cwd: string;
};

function mountOf(word: string, type: string, { target, source, readOnly, take, cwd }: MountParts): Mount {
  if (type === 'bind') {
    if (source === undefined)
      throw fail('usage.invalid', `--mount ${word} has no source`, { hint: 'add source=/path' });
    const propagation = take('bind-propagation');
    const [recursive, nonRecursive] = [take('bind-recursive'), take('bind-nonrecursive')];
    if (propagation !== undefined && !isPropagation(propagation))
      throw fail('usage.invalid', `--mount ${word} has the propagation ${propagation}, which is none`, {
        hint: `use ${PROPAGATIONS.join(', ')}`,
      });
    return {
      type: 'bind',
      source: resolve(cwd, source),
      target,
      ...readOnly,
      ...(propagation === undefined ? {} : { propagation }),
      ...(recursive === 'disabled' || nonRecursive === 'true' ? { recursive: false } : {}),
    };
  }
  if (type === 'volume') {
    const [nocopy, subpath] = [take('volume-nocopy'), take('volume-subpath')];
    const driver = take('volume-driver') ?? 'local';
    if (driver !== 'local')
      throw fail('input.unsupported', `--mount ${word} has the driver ${driver}`, {
        hint: 'local is offered',
      });
    return {
      type: 'volume',
      target,
      ...(source === undefined ? {} : { source }),
      ...readOnly,
      ...(nocopy === 'true' ? { nocopy: true } : {}),
      ...(subpath === undefined ? {} : { subpath }),
    };
  }
  if (type !== 'tmpfs')
    throw fail('usage.invalid', `--mount ${word} has the unknown type ${type}`, {
      hint: 'use bind, volume or tmpfs',
    });
  const [size, mode] = [take('tmpfs-size'), take('tmpfs-mode')];
  return {
    type: 'tmpfs',
    target,
    ...readOnly,
    ...(size === undefined ? {} : { sizeBytes: sizeOf(word, size) }),
    ...(mode === undefined ? {} : { mode: modeOf(word, mode) }),
  };
}

function sizeOf(word: string, text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined)
    throw fail('usage.invalid', `${word} has the size ${text}, which is none`, { hint: 'write 64m or 1g' });
  return bytes;
}

function modeOf(word: string, text: string): number {
  if (!/^[0-7]{1,5}$/.test(text))
    throw fail('usage.invalid', `${word} has the mode ${text}, which is none`, { hint: 'write 1777' });
  return Number.parseInt(text, 8);
}

/** `/run:size=64m,mode=1777,noexec`. */
function parseTmpfs(word: string): Mount {
  const [target = '', options = ''] = word.split(':');
  if (!isAbsolute(target))
    throw fail('usage.invalid', `--tmpfs ${word} does not begin with a path`, {
      hint: 'write /run:size=64m',
    });
  const words = options.split(',').filter((each) => each !== '');
  const size = words.find((each) => each.startsWith('size='))?.slice(5);
  const mode = words.find((each) => each.startsWith('mode='))?.slice(5);
  const rest = words.filter((each) => !/^(size|mode)=|^r[ow]$/.test(each));
  return {
    type: 'tmpfs',
    target,
    ...(size === undefined ? {} : { sizeBytes: sizeOf(word, size) }),
    ...(mode === undefined ? {} : { mode: modeOf(word, mode) }),
    ...(words.includes('ro') ? { readOnly: true } : {}),
    ...(rest.length === 0 ? {} : { options: rest }),
  };
}
