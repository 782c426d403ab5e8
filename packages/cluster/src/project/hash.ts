/** What a container depends on, in one number: a task with another hash is replaced. */
import {
  COMPOSE_LABEL_PREFIX,
  type ContainerSpec,
  type NetworkAttachment,
  type ProjectService,
} from '@orc/model';
import { now } from '../state/draft.ts';
import { canonical } from '../state/same.ts';
import { named } from '../state/table.ts';
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

export function usedObjects(services: readonly ProjectService[]): Used {
  const of = (read: (template: ContainerSpec) => readonly string[]): ReadonlySet<string> =>
    new Set(services.flatMap((service) => read(service.container)));
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
  const network = (name: string): unknown => {
    const { driver, internal, ipv6, subnets, options } = named(state, 'network', name)?.spec ?? {};
    return ['network', name, { driver, internal, ipv6, subnets, options }];
  };
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

/** Labels that compose writes for other tools name files and dependencies: they are no reason to replace a container. */
function withoutToolLabels(template: ContainerSpec): ContainerSpec {
  if (template.labels === undefined) return template;
  const kept = Object.entries(template.labels).filter(([name]) => !name.startsWith(COMPOSE_LABEL_PREFIX));
  return { ...template, labels: Object.fromEntries(kept) };
}
