/** Where tasks go: filters that say why they refuse, then ranks; addresses in the same entry of the log. */
import {
  type NodeObj,
  type NodeRefusal,
  type PlacementReason,
  platformName,
  runsPlatform,
  type ServiceObj,
  type TaskObj,
} from '@orc/model';
import { mountSources } from '../project/hash.ts';
import { now, patchSpec, patchStatus } from '../state/draft.ts';
import { same } from '../state/same.ts';
import { all, get, named, type State, where } from '../state/table.ts';
import { allocateEndpoints } from './allocate.ts';
import { collides, fixedPorts, hasLetGo } from './ports.ts';
import { bySlot, isCurrent, isLeaving, startsFirst } from './progress.ts';
import { type Pass, takeTurn } from './pass.ts';

export function place(pass: Pass, project: string): void {
  const tasks = where(now(pass.draft), 'task', 'project', project);
  for (const task of tasks.toSorted(bySlot)) {
    const { node, desired } = task.spec;
    if (node === null && (desired.state === 'run' || desired.state === 'ready')) placeTask(pass, task);
  }
}

function placeTask(pass: Pass, task: TaskObj): void {
  const state = now(pass.draft);
  const service = get(state, 'service', task.spec.serviceId);
  if (service === undefined) return;
  const candidate = { task, service };
  const choice = isHeld(state, candidate) ? refuse({ kind: 'predecessor' }) : chooseNode(state, candidate);
  const endpoints = 'pending' in choice ? choice.pending : allocateEndpoints(pass, task, service);
  if ('pending' in choice || 'kind' in endpoints) {
    const pending = endpoints as PlacementReason;
    if (!same(task.spec.pending, pending) && mayWrite(pass, task))
      patchSpec<'task'>(pass.draft, task, { pending });
    return;
  }
  if (!mayWrite(pass, task)) return;
  stickVolumes(pass, service, choice.node);
  const held = fixedPorts(service.spec.template);
  const ports = held.length === 0 ? undefined : held;
  patchSpec<'task'>(pass.draft, task, { node: choice.node.id, endpoints, ports, pending: undefined });
}

/** One that this pass has made is counted already. */
const mayWrite = (pass: Pass, task: TaskObj): boolean =>
  get(pass.draft.base, 'task', task.id) === undefined || takeTurn(pass);

type Candidate = { readonly task: TaskObj; readonly service: ServiceObj };
type Choice = { readonly node: NodeObj } | { readonly pending: PlacementReason };
const refuse = (pending: PlacementReason): Choice => ({ pending });

/** One live container per slot: its predecessor has to be gone, unless the update starts the new one first. */
function isHeld(state: State, { task, service }: Candidate): boolean {
  const startFirst = startsFirst(service.spec);
  return where(state, 'task', 'service', service.id).some(
    (each) =>
      each.id !== task.id &&
      each.spec.slot === task.spec.slot &&
      each.spec.node !== null &&
      (!startFirst || !isCurrent(each)),
  );
}

type Filter = (state: State, node: NodeObj, candidate: Candidate) => NodeRefusal | undefined;

/** The first that refuses a node is the one that is told. */
const FILTERS: readonly Filter[] = [
  (_, { name, status }) => (status.state === 'ready' ? undefined : { kind: 'node-down', node: name }),
  (_, { name, spec: { availability } }) =>
    availability === 'active' ? undefined : { kind: 'node-availability', node: name, availability },
  (_, node, { service }) => platformRefusal(node, service.spec.template.platform),
  volumeRefusal,
  portRefusal,
];

function chooseNode(state: State, candidate: Candidate): Choice {
  const lost = lostVolume(state, candidate);
  if (lost !== undefined) return { pending: lost };
  const refusals: NodeRefusal[] = [];
  const fit = all(state, 'node').filter((node) => {
    const refusal = FILTERS.map((filter) => filter(state, node, candidate)).find(
      (each) => each !== undefined,
    );
    if (refusal !== undefined) refusals.push(refusal);
    return refusal === undefined;
  });
  const best = fit.toSorted((a, b) => rankOf(state, a, candidate) - rankOf(state, b, candidate))[0];
  return best === undefined ? refuse({ kind: 'no-node', refusals }) : { node: best };
}

/** Spread: fewest tasks of the service, then fewest tasks. */
function rankOf(state: State, node: NodeObj, { service }: Candidate): number {
  const tasks = where(state, 'task', 'node', node.id);
  const own = tasks.filter((task) => task.spec.serviceId === service.id).length;
  return own * 1e6 + tasks.length;
}

function platformRefusal(node: NodeObj, platform: string | undefined): NodeRefusal | undefined {
  if (platform === undefined || runsPlatform(node.status, platform)) return undefined;
  return { kind: 'platform', node: node.name, has: platformName(node.status), wants: platform };
}

/** DECISIONS 6: a task waits for the node that its volumes are on. */
function volumeRefusal(state: State, node: NodeObj, { service }: Candidate): NodeRefusal | undefined {
  for (const name of mountSources(service.spec.template, 'volume')) {
    const volume = named(state, 'volume', name);
    if (volume === undefined) return { kind: 'volume-missing', volume: name };
    const home = volume.status.node;
    if (home !== undefined && home !== node.id)
      return { kind: 'volume-elsewhere', volume: name, home: get(state, 'node', home)?.name ?? home };
  }
  return undefined;
}

/** Of nodes that refuse, the one with the data matters. */
function lostVolume(state: State, { service }: Candidate): PlacementReason | undefined {
  for (const name of mountSources(service.spec.template, 'volume')) {
    const home = named(state, 'volume', name)?.status.node;
    const node = home === undefined ? undefined : get(state, 'node', home);
    if (home !== undefined && node?.status.state !== 'ready')
      return { kind: 'volume-down', volume: name, node: node?.name ?? home };
  }
  return undefined;
}

function stickVolumes(pass: Pass, service: ServiceObj, node: NodeObj): void {
  for (const name of mountSources(service.spec.template, 'volume')) {
    const volume = named(now(pass.draft), 'volume', name);
    if (volume !== undefined && volume.status.node === undefined) {
      patchStatus<'volume'>(pass.draft, volume, { node: node.id });
    }
  }
}

function portRefusal(state: State, node: NodeObj, { service }: Candidate): NodeRefusal | undefined {
  const wanted = fixedPorts(service.spec.template);
  if (wanted.length === 0) return undefined;
  for (const other of where(state, 'task', 'node', node.id)) {
    const owner = get(state, 'service', other.spec.serviceId);
    if (owner === undefined || hasLetGo(other, owner)) continue;
    const clash = wanted.find((port) => (other.spec.ports ?? []).some((each) => collides(port, each)));
    if (clash === undefined) continue;
    const { protocol, hostPort: port = 0 } = clash;
    const leaving = isLeaving(other);
    return { kind: 'port-taken', port, protocol, node: node.name, by: other.name, leaving };
  }
  return undefined;
}
