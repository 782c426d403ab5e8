/** Volumes, tmpfs, secrets and configs as mounts. */
import { type Mount, type Propagation, type TmpfsMount, parseBytes } from '@orc/model';
import type { ModelFileRef, ModelMount, ModelService } from '../../compose-model.ts';
import { type ServiceContext, invalid, refuse, defined } from './context.ts';
import type { Path } from '../node.ts';
import { boundFolder } from './resources.ts';

export function mountsOf(context: ServiceContext): readonly Mount[] | undefined {
  const own = ownMounts(context);
  const taken = new Set(own.map((each) => each.target));
  const borrowed = borrowedMounts(context).filter((each) => !taken.has(each.target));
  const files = [...fileMounts(context, 'secret'), ...fileMounts(context, 'config')];
  const all = [...own, ...borrowed, ...files];
  return all.length === 0 ? undefined : all;
}

const ownMounts = (context: ServiceContext): readonly Mount[] => [
  ...(context.service.volumes ?? []).map((mount, index) => mountOf(context, mount, index)),
  ...(context.service.tmpfs ?? []).map((line) => shortTmpfs(context, line)),
];

function mountOf(context: ServiceContext, mount: ModelMount, index: number): Mount {
  if (!mount.target.startsWith('/')) {
    invalid(
      context,
      ['volumes', index, 'target'],
      `"${mount.target}" is not an absolute path`,
      `such as /${mount.target}`,
    );
  }
  if (mount.type === 'bind') return bindMount(context, mount, index);
  if (mount.type === 'tmpfs') return longTmpfs(mount);
  if (mount.volume?.subpath?.startsWith('/') || mount.volume?.subpath?.split('/').includes('..')) {
    const path = ['volumes', index, 'volume', 'subpath'];
    invalid(context, path, `"${mount.volume.subpath}" leads out of the volume`, 'name a folder in it');
  }
  const volume = mount.source === undefined ? undefined : context.model.volumes?.[mount.source];
  const folder = boundFolder(volume);
  if (folder !== undefined) return bindMount(context, { ...mount, type: 'bind', source: folder }, index);
  return defined({
    type: 'volume',
    source: volume?.name,
    target: mount.target,
    readOnly: mount.read_only,
    nocopy: mount.volume?.nocopy,
    subpath: mount.volume?.subpath,
  });
}

const PROPAGATIONS: readonly Propagation[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

function bindMount(context: ServiceContext, mount: ModelMount, index: number): Mount {
  const wish = mount.bind?.propagation;
  const propagation = PROPAGATIONS.find((each) => each === wish);
  if (wish !== undefined && wish !== '' && propagation === undefined) {
    const hint = `it is one of ${PROPAGATIONS.join(', ')}`;
    invalid(context, ['volumes', index, 'bind', 'propagation'], `cannot be "${wish}"`, hint);
  }
  if (!mount.source?.startsWith('/')) {
    refuse(context, ['volumes', index, 'source'], `"${mount.source ?? ''}" is not a path of this system`);
  }
  return defined({
    type: 'bind',
    source: mount.source ?? '',
    target: mount.target,
    readOnly: mount.read_only,
    propagation,
    createHostPath: mount.bind?.create_host_path,
    recursive: mount.bind?.recursive === 'disabled' ? false : undefined,
  });
}

const longTmpfs = (mount: ModelMount): TmpfsMount =>
  defined({
    type: 'tmpfs',
    target: mount.target,
    readOnly: mount.read_only,
    sizeBytes: mount.tmpfs?.size === undefined ? undefined : Number(mount.tmpfs.size),
    mode: mount.tmpfs?.mode === undefined ? undefined : Number.parseInt(mount.tmpfs.mode, 8),
  });

/** `/run:size=64m,mode=1777,uid=1000`. */
function shortTmpfs(context: ServiceContext, line: string): TmpfsMount {
  const at = line.indexOf(':');
  const target = at === -1 ? line : line.slice(0, at);
  const words = at === -1 ? [] : line.slice(at + 1).split(',');
  if (!target.startsWith('/'))
    invalid(
      context,
      tmpfsPath(context, line),
      `"${target}" is not an absolute path`,
      `such as /${target.replace(/^\.?\//, '')}`,
    );
  const size = words.find((word) => word.startsWith('size='))?.slice('size='.length);
  const mode = words.find((word) => word.startsWith('mode='))?.slice('mode='.length);
  const options = words.filter(
    (word) => word !== '' && word !== 'rw' && word !== 'ro' && !/^(?:size|mode)=/.test(word),
  );
  const isPercent = size?.endsWith('%') ?? false;
  return defined({
    type: 'tmpfs',
    target,
    readOnly: words.includes('ro') || undefined,
    sizeBytes: size === undefined || isPercent ? undefined : tmpfsSize(context, line, size),
    mode: mode === undefined ? undefined : tmpfsMode(context, line, mode),
    options: isPercent ? [...options, `size=${size}`] : options.length === 0 ? undefined : options,
  });
}

function tmpfsSize(context: ServiceContext, line: string, text: string): number | undefined {
  const bytes = parseBytes(text);
  if (bytes === undefined)
    invalid(context, tmpfsPath(context, line), `"${text}" is not a size`, 'such as 64m');
  return bytes;
}

function tmpfsMode(context: ServiceContext, line: string, text: string): number | undefined {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8);
  invalid(context, tmpfsPath(context, line), `"${text}" is not a file mode`, 'octal, such as 1777');
  return undefined;
}

const tmpfsPath = (context: ServiceContext, line: string): Path => [
  'tmpfs',
  (context.service.tmpfs ?? []).indexOf(line),
];

function fileMounts(context: ServiceContext, type: 'secret' | 'config'): readonly Mount[] {
  const folder = type === 'secret' ? '/run/secrets/' : '/';
  return (context.service[`${type}s`] ?? []).map((file, index) =>
    defined({
      type,
      source: context.model[`${type}s`]?.[file.source]?.name ?? file.source,
      target: file.target.startsWith('/') ? file.target : `${folder}${file.target}`,
      uid: idOf(context, `${type}s`, file, 'uid', index),
      gid: idOf(context, `${type}s`, file, 'gid', index),
      mode: file.mode === undefined ? undefined : Number.parseInt(file.mode, 8),
    }),
  );
}

function idOf(
  context: ServiceContext,
  section: string,
  file: ModelFileRef,
  key: 'uid' | 'gid',
  index: number,
): number | undefined {
  const text = file[key];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  invalid(
    context,
    [section, index, key],
    `"${text}" is not a number`,
    'names are not known outside of the image',
  );
  return undefined;
}

/** `volumes_from: [x, y:ro]`: the mounts of other services, which must have names. */
function borrowedMounts(context: ServiceContext): readonly Mount[] {
  return (context.service.volumes_from ?? []).flatMap((wish, index) => {
    const [name = '', access] = wish.split(':');
    const other: ModelService | undefined = context.model.services[name];
    if (name === 'container' || other === undefined) {
      refuse(
        context,
        ['volumes_from', index],
        'mounts of other containers are not supported',
        'name the volume and mount it in both',
      );
      return [];
    }
    const mounts = ownMounts({ ...context, name, service: other }).filter((each) => each.type !== 'tmpfs');
    if (mounts.some((each) => each.type === 'volume' && each.source === undefined)) {
      refuse(
        context,
        ['volumes_from', index],
        `"${name}" has anonymous volumes, which cannot be shared`,
        'give them names',
      );
    }
    return mounts.map((each): Mount => (access === 'ro' ? ({ ...each, readOnly: true } as Mount) : each));
  });
}
