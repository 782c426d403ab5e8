/** Where tasks go: filters that explain their refusals in words, then ranks; addresses in the same entry of the log. */
import type { NodeObj, ServiceObj, TaskObj } from '@orc/model';
import { mountSources } from '../project/hash.ts';
import { now, patchSpec, patchStatus } from '../state/draft.ts';
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
  const candidate = { task, service, held: heldBy(state, task, service) };
  const chosen = candidate.held === undefined ? chooseNode(state, candidate) : candidate.held;
  const placed = typeof chosen === 'string' ? chosen : allocateEndpoints(pass, task, service);
  if (typeof chosen === 'string' || typeof placed === 'string') {
    if (task.spec.pendingReason === placed || !mayWrite(pass, task)) return;
    patchSpec<'task'>(pass.draft, task, { pendingReason: placed as string });
    return;
  }
  if (!mayWrite(pass, task)) return;
  stickVolumes(pass, service, chosen);
  const waits = service.spec.desired === 'run' && task.spec.desired.state === 'ready';
  const pendingReason = waits ? gateReason(task) : undefined;
  const held = fixedPorts(service.spec.template);
  const ports = held.length === 0 ? undefined : held;
  patchSpec<'task'>(pass.draft, task, { node: chosen.id, endpoints: placed, ports, pendingReason });
}

/** One that this pass has made is counted already. */
const mayWrite = (pass: Pass, task: TaskObj): boolean =>
  get(pass.draft.base, 'task', task.id) === undefined || takeTurn(pass);

const gateReason = (task: TaskObj): string | undefined =>
  /^(waits for|dependency) /.test(task.spec.pendingReason ?? '') ? task.spec.pendingReason : undefined;

/** One live container per slot: its predecessor has to be gone, unless the update starts the new one first. */
function heldBy(state: State, task: TaskObj, service: ServiceObj): string | undefined {
  const others = where(state, 'task', 'service', service.id).filter(
    (each) => each.id !== task.id && each.spec.slot === task.spec.slot && each.spec.node !== null,
  );
  const startFirst = startsFirst(service.spec);
  const holder = others.find((each) => !startFirst || !isCurrent(each));
  return holder === undefined ? undefined : `the former container of ${task.name} is being removed`;
}

type Candidate = { readonly task: TaskObj; readonly service: ServiceObj };
type Filter = (state: State, node: NodeObj, candidate: Candidate) => string | undefined;

/** One row per reason; the first that refuses a node is the one that is told. */
const FILTERS: readonly (readonly [string, Filter])[] = [
  ['ready', (_, node) => (node.status.state === 'ready' ? undefined : `node ${node.name} is down`)],
  [
    'availability',
    (_, node) =>
      node.spec.availability === 'active'
        ? undefined
        : `node ${node.name} is set to ${node.spec.availability}`,
  ],
  ['platform', (_, node, { service }) => platformRefusal(node, service.spec.template.platform)],
  ['volume', volumeRefusal],
  ['port', portRefusal],
];

function chooseNode(state: State, candidate: Candidate): NodeObj | string {
  const nodes = all(state, 'node');
  const refusals: string[] = [];
  const fit = nodes.filter((node) => {
    const refusal = FILTERS.map(([, filter]) => filter(state, node, candidate)).find(
      (each) => each !== undefined,
    );
    if (refusal !== undefined) refusals.push(refusal);
    return refusal === undefined;
  });
  const best = fit.toSorted((a, b) => rankOf(state, a, candidate) - rankOf(state, b, candidate))[0];
  return best ?? (refusals.length === 0 ? 'there is no node' : [...new Set(refusals)].join('; '));
}

/** Spread: fewest tasks of the service, then fewest tasks. */
function rankOf(state: State, node: NodeObj, { service }: Candidate): number {
  const tasks = where(state, 'task', 'node', node.id);
  const own = tasks.filter((task) => task.spec.serviceId === service.id).length;
  return own * 1e6 + tasks.length;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64' };
const architectureOf = (name: string): string => ARCHITECTURES[name] ?? name;

function platformRefusal(node: NodeObj, platform: string | undefined): string | undefined {
  if (platform === undefined) return undefined;
  const [os, architecture] = platform.split('/');
  const { status } = node;
  const sameOs = os === status.os;
  const sameArchitecture =
    architecture === undefined || architectureOf(architecture) === architectureOf(status.architecture);
  if (sameOs && sameArchitecture) return undefined;
  return `node ${node.name} is ${status.os}/${architectureOf(status.architecture)}, not ${platform}`;
}

/** DECISIONS 6: a task waits for the node that its volumes are on. */
function volumeRefusal(state: State, node: NodeObj, { service }: Candidate): string | undefined {
  for (const name of mountSources(service.spec.template, 'volume')) {
    const volume = named(state, 'volume', name);
    if (volume === undefined) return `volume ${name} does not exist`;
    const home = volume.status.node;
    if (home === undefined || home === node.id) continue;
    return `its volume ${name} is on node ${get(state, 'node', home)?.name ?? home}`;
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

function portRefusal(state: State, node: NodeObj, { service }: Candidate): string | undefined {
  const wanted = fixedPorts(service.spec.template);
  if (wanted.length === 0) return undefined;
  for (const other of where(state, 'task', 'node', node.id)) {
    const owner = get(state, 'service', other.spec.serviceId);
    if (owner === undefined || hasLetGo(other, owner)) continue;
    const clash = wanted.find((port) => (other.spec.ports ?? []).some((each) => collides(port, each)));
    if (clash === undefined) continue;
    const port = `port ${clash.hostPort}/${clash.protocol} of node ${node.name}`;
    return isLeaving(other)
      ? `waits for ${other.name} to let go of ${port}`
      : `${port} is taken by ${other.name}`;
  }
  return undefined;
}
