/** /etc/passwd and /etc/group of a container, as it has them now. */
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNTS_BYTES_MAX, ACCOUNTS_IMAGES_MAX } from '../limits.ts';
import { imageRootOps, ownRootOps } from '../plan/fill.ts';
import { CLONE } from '../plan/flags.ts';
import { type Op, planOf } from '../plan/ops.ts';
import type { ProcessId } from '../types.ts';
import type { Launcher } from './launcher.ts';

export type AccountsRequest = {
  readonly folder: string;
  /** The lowest first; nobody writes to them. */
  readonly layers: readonly string[];
  /** Of the container's first process, when it runs: its files are read from within. */
  readonly process?: ProcessId;
  /** Whether what is mounted over the files counts. */
  readonly mounted: boolean;
};
export type Texts = { readonly passwd: string; readonly group: string };

export type Accounts = {
  of(request: AccountsRequest): Promise<Texts>;
};

/** To read them costs a process and a mount: an image's are remembered, for containers that have none of their own. */
export function openAccounts(launcher: Pick<Launcher, 'run'>): Accounts {
  const ofImages = new Map<string, Texts>();
  return {
    of: async (request) => {
      const { layers } = request;
      if (isOwn(request)) return read(launcher, ownOps(request));
      const key = layers.join('\0');
      const known = ofImages.get(key);
      if (known !== undefined) return known;
      if (!isPlain(layers)) return read(launcher, ownOps(request));
      const texts = await read(launcher, imageOps(request));
      if (sizeOf(texts) <= ACCOUNTS_BYTES_MAX) ofImages.set(key, texts);
      for (const oldest of ofImages.keys()) if (ofImages.size > ACCOUNTS_IMAGES_MAX) ofImages.delete(oldest);
      return texts;
    },
  };
}

const sizeOf = ({ passwd, group }: Texts): number => passwd.length + group.length;

const isOwn = ({ folder, process, mounted }: AccountsRequest): boolean =>
  (process !== undefined && mounted) || look(join(folder, 'upper/etc')) !== undefined;

/** Where no link leads out of /etc, a container without files of its own there has the image's. */
const isPlain = (layers: readonly string[]): boolean =>
  layers.every((layer) => {
    const etc = look(join(layer, 'etc'));
    if (etc === undefined) return true;
    return (
      etc.isDirectory() &&
      !['passwd', 'group'].some((name) => look(join(layer, 'etc', name))?.isSymbolicLink() === true)
    );
  });

const look = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

async function read(launcher: Pick<Launcher, 'run'>, enter: readonly Op[]): Promise<Texts> {
  const [passwd, group] = await launcher.run(
    planOf([...enter, { op: 'read', path: '/etc/passwd' }, { op: 'read', path: '/etc/group' }]),
  );
  return { passwd: passwd?.toString('utf8') ?? '', group: group?.toString('utf8') ?? '' };
}

const ownOps = ({ folder, layers, process }: AccountsRequest): readonly Op[] =>
  process === undefined ? ownRootOps(folder, layers) : [runningRoot(process)];

/** Nobody writes to it, and one layer needs no mount. */
function imageOps({ folder, layers }: AccountsRequest): readonly Op[] {
  const [only, ...others] = layers;
  return only !== undefined && others.length === 0
    ? [{ op: 'root', path: only }]
    : imageRootOps(folder, layers);
}

const runningRoot = ({ pid, ticks = 0n }: ProcessId): Op => ({
  op: 'join',
  pid,
  ticks,
  namespace: 'mnt',
  kind: Number(CLONE.NEWNS),
});
