/** COPY, ADD and WORKDIR: steps that write files without running anything. */
import { defined, fail } from '@orc/model';
import type { CopyWork, WorkdirWork } from '../plan/evaluate.ts';
import { readMode } from '../plan/mode.ts';
import type { Owner } from '../plan/owner.ts';
import { ownerIn } from './accounts.ts';
import { contentDigest } from './content.ts';
import { finishDestination, openDestination, openFolder } from './destination.ts';
import { type FileHashes, openHashes } from './hashes.ts';
import { type Scan, type Selection, select } from './selection.ts';
import type { Session } from './session.ts';
import type { Built, Doing, Key } from './steps.ts';
import { lookup, type Tree } from './tree.ts';

const NO_FILES: Selection = { rows: [], folder: false };

export const treeOf = (built: Built): Tree => ({
  folders: built.layers.map(({ folder }) => folder).toReversed(),
  layered: true,
});

/** `from`: the stage or image of `--from`; else the context. */
export function doCopy(session: Session, built: Built, work: CopyWork, from?: Built): Doing {
  checkMode(work);
  let selected: Promise<Selection> | undefined;
  const scan = from === undefined ? contextScan(session) : stageScan(session, from);
  const selection = (): Promise<Selection> => {
    selected ??= work.sources.length === 0 ? Promise.resolve(NO_FILES) : select(work, scan);
    return selected;
  };
  const hashes = from === undefined ? session.context.hashes : openHashes(session.internals, session.pause);
  return {
    keys: copyKeys(session, from, selection, hashes),
    perform: async () => {
      const owner = chownOf(work, built);
      const mtimeNs = BigInt(session.internals.clock.now()) * 1_000_000n;
      return {
        work,
        selection: await selection(),
        layers: built.layers.map(({ folder }) => folder),
        made: { ...(owner ?? ROOT), mtimeNs },
        fromContext: from === undefined,
        linkable: from === undefined && session.request.context.sent !== undefined,
        ...(owner === undefined ? {} : { owner }),
      };
    },
  };
}

const ROOT: Owner = { uid: 0, gid: 0 };
export const contextScan = (session: Session): Scan => ({
  ...session.context,
  ...defined({ sent: session.request.context.sent }),
  plainOnly: true,
  pause: session.pause,
});
export const stageScan = (session: Session, from: Built): Scan => ({
  tree: treeOf(from),
  filter: { includes: () => true, reincludes: false },
  plainOnly: false,
  pause: session.pause,
});

/**
 * Of a stage first by its layers, of a context that was sent by all that came, which costs nothing; then by the files,
 * which are often the same in new layers.
 */
async function* copyKeys(
  session: Session,
  from: Built | undefined,
  selection: () => Promise<Selection>,
  hashes: FileHashes,
): AsyncGenerator<Key> {
  const { sent } = session.request.context;
  if (from !== undefined) yield { content: from.layers.map(({ diffId }) => diffId).join(' ') };
  else if (sent !== undefined) yield { content: whole(sent.digest, session) };
  const { rows } = await selection();
  const content = await contentDigest(rows, hashes, { withOwner: from !== undefined, pause: session.pause });
  yield { content: `files ${content}` };
}

const whole = (digest: string, { context }: Session): string =>
  `context ${digest} ${JSON.stringify(context.ignored)}`;

/** Of `--chown`. Names are those of the stage that is copied into. */
function chownOf(work: CopyWork, built: Built): Owner | undefined {
  return work.chown === undefined || work.chown === '' ? undefined : ownerIn(treeOf(built), work.chown);
}

function checkMode({ chmod = '' }: CopyWork): void {
  if (chmod !== '' && readMode(chmod) === undefined)
    throw fail('build.failed', `${chmod} is no mode`, { hint: 'octal such as 755, or u=rwX,go=rX' });
}

/** The directory belongs to the stage's user, as docker has it. */
export function doWorkdir(session: Session, built: Built, work: WorkdirWork): Doing {
  return {
    keys: onlyOne(),
    perform: async (upper) => {
      const user = built.state.config.User ?? '';
      const owner = user === '' ? ROOT : ownerIn(treeOf(built), user);
      const layers = built.layers.map(({ folder }) => folder);
      const mtimeNs = BigInt(session.internals.clock.now()) * 1_000_000n;
      const destination = openDestination(upper, layers, { ...owner, mtimeNs });
      openFolder(destination, work.path);
      finishDestination(destination);
    },
  };
}

async function* onlyOne(): AsyncGenerator<Record<string, never>> {
  yield {};
}

/** Nothing to do then. */
export const hasFolder = (built: Built, path: string): boolean =>
  built.layers.length > 0 && lookup(treeOf(built), path)?.kind === 'directory';
