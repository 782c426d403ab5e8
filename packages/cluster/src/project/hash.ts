/** What a container depends on, in one number: a task with another hash is replaced. */
import {
  COMPOSE_LABEL_PREFIX,
  type ContainerSpec,
  type NetworkAttachment,
  type NetworkSpec,
  type TaskObj,
} from '@orc/model';
import { now } from '../state/draft.ts';
import { canonical } from '../state/same.ts';
import { all, named, type State } from '../state/table.ts';
import { joinedServices } from './joins.ts';
import { type Planning, serviceName } from './types.ts';

/** Names of objects that containers use. */
export type Used = {
  readonly networks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly configs: ReadonlySet<string>;
};

export const attachmentsOf = (template: ContainerSpec): readonly NetworkAttachment[] =>
  template.networkMode?.kind === 'networks' ? template.networkMode.attachments : [];

export const networksOf = (template: ContainerSpec): readonly string[] =>
  attachmentsOf(template).map((each) => each.network);

export const mountSources = (
  template: ContainerSpec,
  type: 'volume' | 'secret' | 'config',
): readonly string[] =>
  (template.mounts ?? []).flatMap((mount) =>
    mount.type === type && mount.source !== undefined ? [mount.source] : [],
  );

export function usedObjects(templates: readonly ContainerSpec[]): Used {
  const of = (read: (template: ContainerSpec) => readonly string[]): ReadonlySet<string> =>
    new Set(templates.flatMap(read));
  return {
    networks: of(networksOf),
    volumes: of((template) => mountSources(template, 'volume')),
    secrets: of((template) => mountSources(template, 'secret')),
    configs: of((template) => mountSources(template, 'config')),
  };
}

export type Hashed = {
  readonly project: string;
  readonly template: ContainerSpec;
  readonly recreations: number;
  readonly containerName?: string;
};

/** Replicas, dependencies and update rules are not in it; contents of files and definitions of networks are. */
export function hashOfService({ draft, proposer }: Planning, hashed: Hashed): string {
  const state = now(draft);
  const { project, template, recreations, containerName } = hashed;
  const file = (kind: 'secret' | 'config') => (name: string) => [
    kind,
    name,
    named(state, kind, name)?.spec.hash,
  ];
  const network = (name: string): unknown => [
    'network',
    name,
    definitionOf(named(state, 'network', name)?.spec),
  ];
  const joined = (name: string): unknown => [
    'service',
    name,
    named(state, 'service', serviceName(project, name))?.spec.hash,
  ];
  const parts = [
    ...mountSources(template, 'secret').map(file('secret')),
    ...mountSources(template, 'config').map(file('config')),
    ...networksOf(template).map(network),
    ...joinedServices(template).map(joined),
  ];
  return proposer.sha256(
    canonical({ template: withoutToolLabels(template), recreations, containerName, parts }),
  );
}

/** Those that have an address of it, or had it in the container that is kept for them. */
export const tasksOn = (state: State, network: string): readonly TaskObj[] =>
  all(state, 'task').filter(({ spec }) => spec.endpoints.some((each) => each.network === network));

/** Of a network, what makes it another one: all but whose it is. */
export function definitionOf(spec: NetworkSpec | undefined): Partial<Omit<NetworkSpec, 'project' | 'key'>> {
  const { project: _project, key: _key, labels, ...definition } = spec ?? {};
  const own = ownLabels(labels);
  return Object.keys(own).length === 0 ? definition : { ...definition, labels: own };
}

function withoutToolLabels(template: ContainerSpec): ContainerSpec {
  return template.labels === undefined ? template : { ...template, labels: ownLabels(template.labels) };
}

/** Labels that compose writes for other tools name files and dependencies: they are no reason to replace anything. */
const ownLabels = (labels: ContainerSpec['labels'] = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(COMPOSE_LABEL_PREFIX)));
