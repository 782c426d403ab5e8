/** One pass: every controller over what is dirty, composed into one change set. Nothing is remembered between passes. */
import type { AnyObj, Change, ChangeSet, Kind } from '@orc/model';
import { NETWORK_POOLS, TASKS_PER_PASS } from '../limits.ts';
import type { Guests } from '../project/networks.ts';
import type { IdSource } from '../project/types.ts';
import { changesOf, draftOf, now } from '../state/draft.ts';
import { all, get, named, type State } from '../state/table.ts';
import { allocateNetworks, openAddresses } from './allocate.ts';
import type { Pass } from './pass.ts';
import { removeProject } from './remove.ts';
import { rollOut } from './rollout.ts';
import { place } from './schedule.ts';

/** Names of projects, or everything (a new leader; a node came or went). */
export type Dirty = ReadonlySet<string> | 'all';

export type ReconcileOptions = {
  /** Networks without subnets of their own take one from these. */
  readonly pools?: readonly string[];
  /** Subnets that are never taken: the hosts' own routes. */
  readonly avoid?: readonly string[];
  /** Containers that the state does not know, by network: what they are on stays. */
  readonly guests?: Guests;
};

type Controller = (pass: Pass, project: string) => void;

/** In this order: what the first writes, the next sees. */
const CONTROLLERS: readonly (readonly [string, Controller])[] = [
  ['rollout', rollOut],
  ['place', place],
  ['remove', removeProject],
];

/** `undefined`: everything is as it should be. */
export function reconcile(
  state: State,
  dirty: Dirty,
  time: number,
  ids: IdSource,
  options: ReconcileOptions = {},
): ChangeSet | undefined {
  const draft = draftOf(state);
  const { pools = NETWORK_POOLS, avoid = [], guests = () => [] } = options;
  const addresses = openAddresses(draft);
  const pass: Pass = { draft, now: time, ids, pools, avoid, guests, addresses, tasksLeft: TASKS_PER_PASS };
  allocateNetworks(pass);
  const projects = projectsOf(state, dirty);
  for (const [, control] of CONTROLLERS) for (const project of projects) control(pass, project);
  const changes = changesOf(draft);
  return changes.length === 0
    ? undefined
    : { schema: 1, by: 'reconcile', time: Math.max(time, now(draft).time), changes };
}

function projectsOf(state: State, dirty: Dirty): readonly string[] {
  if (dirty === 'all')
    return all(state, 'project')
      .map((project) => project.name)
      .sort();
  return [...dirty].filter((name) => named(state, 'project', name) !== undefined).sort();
}

/** The projects that a change set concerns; call with the state before it was applied. */
export function dirtyOf(before: State, changes: readonly Change[]): Dirty {
  const dirty = new Set<string>();
  for (const change of changes) {
    const object = change.op === 'put' ? change.object : get(before, change.kind, change.id);
    if (object === undefined) continue;
    const project = projectOf(object);
    if (project === undefined) return 'all';
    dirty.add(project);
  }
  return dirty;
}

const SHARED: ReadonlySet<Kind> = new Set(['node', 'network', 'volume']);

/** What others may wait for (an address, a volume's node) concerns everybody. */
function projectOf(object: AnyObj): string | undefined {
  if (object.kind === 'project') return object.name;
  return SHARED.has(object.kind) ? undefined : (object.spec as { project?: string }).project;
}
