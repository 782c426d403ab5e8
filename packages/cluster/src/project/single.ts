/** Networks and volumes that people make and remove by themselves, and the blocks that a node takes of a network. */
import {
  type Change,
  KINDS,
  type NetworkObj,
  type NetworkSpec,
  type ObjectId,
  type Problem,
  resolveId,
  type VolumeObj,
  type VolumeSpec,
} from '@orc/model';
import { freeBlock, growNetwork, smallBlock } from '../control/allocate.ts';
import type { ReconcileOptions } from '../control/reconcile.ts';
import { NETWORK_POOLS } from '../limits.ts';
import { changesOf, draftOf, fresh, patchStatus, put, remove } from '../state/draft.ts';
import { all, get, named, type State } from '../state/table.ts';
import { notAllowed } from './allowed.ts';
import { mountSources, networksOf } from './hash.ts';
import { createNetwork as planNetwork } from './networks.ts';
import type { Planning, ProjectPlan, Proposer } from './types.ts';
import { finish } from './up.ts';

const planningOf = (state: State, proposer: Proposer): Planning => ({
  draft: draftOf(state),
  proposer,
  lines: [],
  problems: [],
});

/** Its subnet comes with the next reconcile pass. */
export function createNetwork(
  state: State,
  name: string,
  spec: NetworkSpec,
  proposer: Proposer,
): ProjectPlan {
  const planning = planningOf(state, proposer);
  if (nameIsFree(planning, 'network', name)) planNetwork(planning, name, spec);
  return finish(planning);
}

export function createVolume(state: State, name: string, spec: VolumeSpec, proposer: Proposer): ProjectPlan {
  const planning = planningOf(state, proposer);
  // They say where data lies: whoever gave one and got a folder of this host would look for it elsewhere.
  const options = Object.keys(spec.options ?? {});
  planning.problems.push(...options.map(noOption));
  if (nameIsFree(planning, 'volume', name) && options.length === 0) {
    put(planning.draft, fresh('volume', proposer.ids.object(), name, proposer.now, spec, {}));
    planning.lines.push({ kind: 'volume', name, action: 'create' });
  }
  return finish(planning);
}

const noOption = (option: string): Problem => ({
  code: 'input.unsupported',
  message: `the volume option ${JSON.stringify(option)} is not supported`,
  hint: 'leave it out; to use a folder of the host, mount that: -v /folder:/data',
});

function nameIsFree({ draft, problems }: Planning, kind: 'network' | 'volume', name: string): boolean {
  if (!KINDS[kind].namePattern.test(name)) {
    problems.push(notAllowed(kind, name));
    return false;
  }
  if (named(draft.base, kind, name) === undefined) return true;
  problems.push({
    code: 'conflict.name',
    message: `${kind} ${name} exists already`,
    hint: `choose another name, or see "orc ${kind} ls"`,
  });
  return false;
}

/** By name, id or unique prefix. What services or tasks use is refused. */
export function removeObject(
  state: State,
  kind: 'network' | 'volume',
  reference: string,
  proposer: Proposer,
): ProjectPlan {
  const planning = planningOf(state, proposer);
  const found = resolveId<NetworkObj | VolumeObj>(all(state, kind), reference);
  if (!('found' in found)) {
    planning.problems.push(notFound(kind, reference, 'ambiguous' in found));
    return finish(planning);
  }
  const users = usersOf(state, kind, found.found.name);
  if (users.length > 0) planning.problems.push(stillUsed(kind, found.found.name, users));
  remove(planning.draft, kind, found.found.id);
  planning.lines.push({ kind, name: found.found.name, action: 'remove' });
  return finish(planning);
}

const notFound = (kind: 'network' | 'volume', reference: string, ambiguous: boolean): Problem =>
  ambiguous
    ? {
        code: 'id.ambiguous',
        message: `${reference} begins the ids of several ${kind}s`,
        hint: 'give more of it',
      }
    : {
        code: `notfound.${kind}`,
        message: `there is no ${kind} ${reference}`,
        hint: `orc ${kind} ls lists them`,
      };

const stillUsed = (kind: string, name: string, users: readonly string[]): Problem => ({
  code: 'conflict.inuse',
  message: `${kind} ${name} is in use by ${users.join(', ')}`,
  hint: 'remove them first',
});

/** Names of services and tasks that use a network or volume. */
export function usersOf(state: State, kind: 'network' | 'volume', name: string): readonly string[] {
  const tasks = all(state, 'task').filter(({ spec }) => {
    const template = get(state, 'service', spec.serviceId)?.spec.template;
    if (kind === 'network' && spec.endpoints.some((each) => each.network === name)) return true;
    if (template === undefined) return false;
    return (kind === 'network' ? networksOf(template) : mountSources(template, 'volume')).includes(name);
  });
  return [...new Set(tasks.map((task) => task.name))];
}

const isLeaving = (network: string): Problem => ({
  code: 'conflict.state',
  message: `network ${network} is being recreated`,
  hint: 'try again in a moment',
  retry: true,
});

/**
 * DECISIONS 26: a further /28 of the network for the node's own containers, or what is left of one that cannot grow; a problem
 * when nothing is.
 */
export function grantBlock(
  state: State,
  network: string,
  node: ObjectId,
  { pools = NETWORK_POOLS, avoid = [] }: ReconcileOptions = {},
): { readonly changes: readonly Change[]; readonly problem?: Problem } {
  const draft = draftOf(state);
  const found = named(state, 'network', network);
  if (found === undefined) return { changes: [], problem: notFound('network', network, false) };
  if (found.status.former !== undefined) return { changes: [], problem: isLeaving(network) };
  const whole = freeBlock(draft, found);
  const grown = (whole === undefined ? growNetwork({ draft, pools, avoid }, found) : undefined) ?? found;
  const cidr = whole ?? freeBlock(draft, grown) ?? smallBlock(draft, grown);
  if (cidr === undefined) {
    const message = `network ${network} has no addresses left to give to a node`;
    const hint = 'use a network with a larger subnet';
    return { changes: [], problem: { code: 'network.exhausted', message, hint } };
  }
  patchStatus<'network'>(draft, grown, { blocks: [...grown.status.blocks, { node, cidr }] });
  return { changes: changesOf(draft) };
}
