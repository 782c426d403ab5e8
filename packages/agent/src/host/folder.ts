/**
 * A container's folder: `container.json` (what it is; durable, written once) and `state.json` (how far it got; by
 * rename, without a sync: DECISIONS 15). Rows of docs/files.md.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { asideOf, replaceFile, syncFolder, writeDurable } from '@orc/disk';
import {
  type ContainerId,
  type ContainerOwner,
  type ContainerSpec,
  type Digest,
  type Endpoint,
  type Exit,
  type Health,
  isContainerId,
  type PortBinding,
  type TaskDesired,
} from '@orc/model';
import { LIMITS } from '../limits.ts';
import { type Failure, outlives } from './failures.ts';

export type Stored = {
  readonly schema: 1;
  readonly id: ContainerId;
  readonly name: string;
  readonly createdAt: number;
  readonly owner?: ContainerOwner;
  readonly spec: ContainerSpec;
};

/** The others are this host's own, those that `run` made for a project among them: the state knows nothing of them. */
export const isTask = ({ owner }: Pick<Stored, 'owner'>): boolean =>
  owner !== undefined && owner.oneOff !== true;

export type State = {
  readonly schema: 1;
  readonly desired: TaskDesired;
  /** Starts so far, and the generation of `desired` that the last was for. */
  readonly attempt: number;
  readonly actedGeneration: number;
  readonly imageId?: Digest;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly PortBinding[];
  readonly argv: readonly string[];
  readonly hostname?: string;
  readonly startedAt?: number;
  readonly restarts: number;
  /** Only that of a start outlives the daemon: the rest is tried again. */
  readonly failure?: Failure;
  /** Of an attempt whose end is settled; what the shim wrote comes first. */
  readonly exit?: Exit;
  /** How the attempt before this one ended: this one may be cut off before it has begun. */
  readonly before?: Exit;
  /** Of the attempt that runs: an adopted container goes on where it stood. */
  readonly health?: Health;
  /** Anonymous volumes, by where they are mounted. */
  readonly volumes: Readonly<Record<string, string>>;
};

export type Loaded = {
  readonly folder: string;
  readonly stored: Stored;
  readonly state: State;
  /** Its state file, where that cannot be read. */
  readonly damagedState?: string;
};

const CONTAINER_FILE = 'container.json';
const STATE_FILE = 'state.json';
const FOLDER_MODE = 0o700;

const run = promisify(execFile);

export const EMPTY_STATE: State = {
  schema: 1,
  desired: { state: 'ready', generation: 0 },
  attempt: 0,
  actedGeneration: 0,
  endpoints: [],
  ports: [],
  argv: [],
  restarts: 0,
  volumes: {},
};

/**
 * Durable when it resolves: an acknowledged container survives a power loss. A task's is in the log, from which its
 * folder would be made again.
 */
export async function createFolder(folder: string, stored: Stored): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const [file, text] = [join(folder, CONTAINER_FILE), JSON.stringify(stored)];
  if (isTask(stored)) replaceFile(file, text);
  else await Promise.all([writeDurable(file, text), syncFolder(dirname(folder))]);
}

/** The newest state is the last: a write is over before the next begins. */
export type StateFile = { write(state: State, durability?: 'durable'): Promise<void> };

/**
 * Small calls take microseconds; through the thread pool they would wait behind the syncs of other containers. Only a
 * durable write goes there, and those that come meanwhile wait for it.
 */
export function openStateFile(folder: string): StateFile {
  const file = join(folder, STATE_FILE);
  let waiting = 0;
  let tail: Promise<void> = Promise.resolve();
  return {
    write(state, durability) {
      const text = JSON.stringify(state);
      const put = async (): Promise<void> =>
        durability === 'durable' ? writeDurable(file, text) : replaceFile(file, text);
      if (waiting === 0 && durability !== 'durable') return put();
      waiting += 1;
      const written = tail.then(put).finally(() => {
        waiting -= 1;
      });
      tail = written.catch(() => undefined);
      return written;
    },
  };
}

/** All folders below `containers/`; `damaged` ones are for quarantine, never fatal. */
export async function loadFolders(
  containers: string,
): Promise<{ readonly loaded: readonly Loaded[]; readonly damaged: readonly string[] }> {
  if ((await mkdir(containers, { recursive: true, mode: FOLDER_MODE })) !== undefined)
    await spread(containers);
  const names: string[] = [];
  for (const name of readdirSync(containers))
    if (isContainerId(name) && !(await dropUnmade(join(containers, name)))) names.push(name);
  // Nobody is served yet: a read takes microseconds, a turn through the thread pool takes longer.
  const results = names.map((name) => loadFolder(join(containers, name), name));
  return {
    loaded: results.filter((each): each is Loaded => typeof each !== 'string'),
    damaged: results.filter((each): each is string => typeof each === 'string'),
  };
}

/**
 * Each folder in it gets a block group of its own where the file system has them (chattr(1), `T`): without a journal
 * ext4 looks at every inode of the group that was freed in the last minutes before it gives out one, so that folders
 * that come and go side by side made each other slower. Other file systems refuse, and nothing is lost.
 */
async function spread(folder: string): Promise<void> {
  await run('chattr', ['+T', folder]).catch(() => undefined);
}

/** A folder that its maker did not come to fill: nobody was told of it, and it goes. */
async function dropUnmade(folder: string): Promise<boolean> {
  if (existsSync(join(folder, CONTAINER_FILE))) return false;
  const files = await readdir(folder).catch(() => ['unreadable']);
  if (files.some((name) => name !== asideOf(CONTAINER_FILE))) return false;
  await rm(folder, { recursive: true });
  return true;
}

function loadFolder(folder: string, id: string): Loaded | string {
  try {
    const stored = readJson<Stored>(join(folder, CONTAINER_FILE));
    const file = join(folder, STATE_FILE);
    const state = readState(file);
    if (stored.schema !== 1 || stored.id !== id || typeof stored.spec !== 'object') return folder;
    const damaged = state === 'damaged' ? { damagedState: file } : {};
    return {
      folder,
      stored,
      state: state === 'damaged' ? EMPTY_STATE : { ...EMPTY_STATE, ...state },
      ...damaged,
    };
  } catch {
    return folder;
  }
}

/** One that was never written is empty. */
function readState(file: string): State | 'damaged' {
  if (!existsSync(file)) return EMPTY_STATE;
  try {
    const { failure, ...state } = readJson<State>(file);
    return failure !== undefined && outlives(failure, state.desired) ? { ...state, failure } : state;
  } catch {
    return 'damaged';
  }
}

function readJson<T extends object>(file: string): T {
  const text = readFileSync(file, 'utf8');
  if (text.length > LIMITS.stateFileBytesMax)
    throw new Error(`${file} is larger than ${LIMITS.stateFileBytesMax} bytes`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file} holds no object`);
  return value as T;
}
