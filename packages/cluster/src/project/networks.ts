/** Networks of a project: made, made anew with the containers that are on them, refused where others are. */
import {
  faultOfNetworkOption,
  type NetworkObj,
  type NetworkSpec,
  PREDEFINED_NETWORKS,
  type Problem,
  problemOfExternal,
  type Project,
  type ProjectNetwork,
} from '@orc/model';
import { fresh, now, put } from '../state/draft.ts';
import { same } from '../state/same.ts';
import { named } from '../state/table.ts';
import { definitionOf, tasksOn, type Used } from './hash.ts';
import { foreign } from './objects.ts';
import { checkSubnets } from './subnets.ts';
import type { Planning } from './types.ts';

/** Containers of a node's own that have an address of a network: the state does not know them. */
export type Guests = (network: string) => readonly string[];

/** `kept`: containers stay as they are, and so does what they are on. */
export type NetworkOptions = { readonly kept: boolean; readonly guests: Guests };

export function putNetworks(planning: Planning, project: Project, used: Used, options: NetworkOptions): void {
  const wanted = project.networks.filter((network) => used.networks.has(network.name));
  const put = wanted.filter((network) => putNetwork(planning, project.name, network, options));
  for (const { name, spec } of put) check(planning, name, spec);
}

/** Whether it was made or changed. */
function putNetwork(
  planning: Planning,
  project: string,
  network: ProjectNetwork,
  options: NetworkOptions,
): boolean {
  const { draft, problems } = planning;
  const found = named(now(draft), 'network', network.name);
  const spec = { ...network.spec, project, key: network.key };
  const predefined = PREDEFINED_NETWORKS.includes(network.name);
  if (network.external) {
    if (found === undefined && !predefined) problems.push(problemOfExternal('network', network.name));
    return false;
  }
  if (predefined) {
    problems.push(everyHosts(network.name));
    return false;
  }
  if (found === undefined) {
    makeNetwork(planning, network.name, spec);
    return true;
  }
  if (found.spec.project !== project) {
    problems.push(foreign('network', network.name, found.spec.project));
    return false;
  }
  return !same(found.spec, spec) && changeNetwork(planning, found, spec, options);
}

const everyHosts = (name: string): Problem => ({
  code: 'conflict.name',
  message: `the network ${name} is one that every host has`,
  hint: 'mark it external: true to use it, or give yours another name',
});

/** Also for `network create`. */
export function createNetwork(planning: Planning, name: string, spec: NetworkSpec): void {
  makeNetwork(planning, name, spec);
  check(planning, name, spec);
}

function check(planning: Planning, name: string, spec: NetworkSpec): void {
  checkSubnets(planning, name, spec);
  for (const [option, value] of Object.entries(spec.options ?? {})) {
    const fault = faultOfNetworkOption(option, value);
    if (fault === undefined) continue;
    const { code, why, hint } = fault;
    planning.problems.push({ code, message: `network ${name}: ${why}`, hint });
  }
}

function makeNetwork({ draft, proposer, lines }: Planning, name: string, spec: NetworkSpec): void {
  const status = { subnets: [], index: 0, blocks: [] };
  put(draft, fresh('network', proposer.ids.object(), name, proposer.now, spec, status));
  lines.push({ kind: 'network', name, action: 'create' });
}

/**
 * As docker compose does: with another definition, labels included, it is another network. The one that is there lives on until
 * the last container has left it (`NetworkStatus.former`); a pass makes the other one then, so nobody is ever on a bridge
 * that changes under it.
 */
function changeNetwork(
  planning: Planning,
  found: NetworkObj,
  spec: NetworkSpec,
  { kept, guests }: NetworkOptions,
): boolean {
  const { draft, lines, problems } = planning;
  const { name, status } = found;
  const { former, ...lasting } = status;
  const made = former ?? found.spec;
  const changed = changedIn(made, spec);
  const asBefore = changed.length === 0;
  if (kept && !asBefore && isUsed(planning, found, guests)) {
    problems.push(leftAsItIs(name, changed));
    return false;
  }
  const strangers = asBefore ? [] : [...strangersOn(planning, found), ...guests(name)];
  if (strangers.length > 0) problems.push(occupied(name, changed, strangers));
  put(draft, { ...found, spec, status: asBefore ? lasting : { ...lasting, blocks: [], former: made } });
  const reason = asBefore ? {} : { reason: `${changed.join(', ')} changed` };
  lines.push({ kind: 'network', name, action: asBefore ? 'update' : 'recreate', ...reason });
  return !asBefore;
}

const changedIn = (before: NetworkSpec, after: NetworkSpec): readonly string[] => {
  const [old, next] = [fieldsOfNetwork(before), fieldsOfNetwork(after)];
  return Object.keys(old).filter((field) => !same(old[field], next[field]));
};

/** Its definition by the names that a compose file has for them; undefined where nothing is said. */
export function fieldsOfNetwork(spec: NetworkSpec | undefined): Readonly<Record<string, unknown>> {
  const definition: Readonly<Record<string, unknown>> = definitionOf(spec);
  return Object.fromEntries(Object.entries(NETWORK_FIELDS).map(([key, field]) => [field, definition[key]]));
}

const NETWORK_FIELDS: Readonly<Record<Exclude<keyof NetworkSpec, 'project' | 'key'>, string>> = {
  driver: 'driver',
  options: 'driver_opts',
  internal: 'internal',
  ipv6: 'enable_ipv6',
  attachable: 'attachable',
  subnets: 'ipam.config',
  labels: 'labels',
};

const isUsed = ({ draft }: Planning, network: NetworkObj, guests: Guests): boolean =>
  tasksOn(now(draft), network.name).length > 0 || guests(network.name).length > 0;

/** Containers of other projects, that came by `external: true`. */
const strangersOn = ({ draft }: Planning, network: NetworkObj): readonly string[] =>
  tasksOn(now(draft), network.name)
    .filter(({ spec }) => spec.project !== network.spec.project)
    .map((task) => task.name);

const occupied = (name: string, changed: readonly string[], strangers: readonly string[]): Problem => ({
  code: 'conflict.inuse',
  message: `network ${name} cannot be recreated (${changed.join(', ')} changed): containers beside the project are on it: ${strangers.join(', ')}`,
  hint: 'remove these containers, or undo the change of the network',
});

const leftAsItIs = (name: string, changed: readonly string[]): Problem => ({
  code: 'conflict.state',
  severity: 'warning',
  message: `network ${name} stays as it is, though ${changed.join(', ')} changed: it could change only with its containers`,
  hint: 'orc up recreates it and them',
});
