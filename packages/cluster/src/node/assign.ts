/** What one node should run, out of the state: just its tasks, and what those need. */
import type {
  AssignedFile,
  AssignedNetwork,
  AssignedTask,
  AssignedVolume,
  Assignment,
  ConfigObj,
  ContainerSpec,
  NameRecord,
  ObjectId,
  SecretObj,
  TaskObj,
} from '@orc/model';
import { mountSources } from '../project/hash.ts';
import { bySlot, isRunning } from '../control/progress.ts';
import { all, get, named, type State, where } from '../state/table.ts';

/** The content of a secret, base 64, from its sealed data; undefined: it does not open, and is left out. */
export type Unseal = (secret: SecretObj) => string | undefined;

export function project(
  state: State,
  node: ObjectId,
  unseal: Unseal = (secret) => secret.spec.data,
): Assignment {
  const rows = where(state, 'task', 'node', node)
    .toSorted(bySlot)
    .flatMap((task) => {
      const service = get(state, 'service', task.spec.serviceId);
      return service === undefined ? [] : [{ task, template: service.spec.template }];
    });
  const templates = [...new Set(rows.map((row) => row.template))];
  const networks = networksFor(
    state,
    node,
    rows.map((row) => row.task),
  );
  return {
    node,
    revision: state.index,
    tasks: rows.map(({ task, template }) => assignedTask(task, template)),
    networks,
    volumes: volumesFor(state, node, templates),
    secrets: filesFor(state, 'secret', templates, (each) => unseal(each as SecretObj)),
    configs: filesFor(state, 'config', templates, (each) => each.spec.data),
    names: namesFor(state, new Set(networks.map((network) => network.name))),
  };
}

function assignedTask(task: TaskObj, container: ContainerSpec): AssignedTask {
  const { containerId, project, service, slot, revision, endpoints, desired, volumesOf } = task.spec;
  const more = volumesOf === undefined ? {} : { volumesOf };
  return {
    id: task.id,
    containerId,
    name: task.name,
    project,
    service,
    slot,
    revision,
    container,
    endpoints,
    desired,
    ...more,
  };
}

/** Also those that the node has a block of, for its own containers. */
function networksFor(state: State, node: ObjectId, tasks: readonly TaskObj[]): readonly AssignedNetwork[] {
  const used = new Set(tasks.flatMap((task) => task.spec.endpoints.map((each) => each.network)));
  return all(state, 'network')
    .filter(({ name, status }) => used.has(name) || status.blocks.some((block) => block.node === node))
    .map(({ id, name, spec, status: { former = spec, ...status } }) => ({ id, name, spec: former, status }));
}

/** Also those whose data lies there though no task uses them now. */
function volumesFor(
  state: State,
  node: ObjectId,
  templates: readonly ContainerSpec[],
): readonly AssignedVolume[] {
  const used = new Set(templates.flatMap((template) => mountSources(template, 'volume')));
  return all(state, 'volume')
    .filter((volume) => volume.status.node === node || used.has(volume.name))
    .map(({ id, name, spec }) => ({ id, name, spec }));
}

function filesFor(
  state: State,
  kind: 'secret' | 'config',
  templates: readonly ContainerSpec[],
  read: (file: SecretObj | ConfigObj) => string | undefined,
): readonly AssignedFile[] {
  const names = new Set(templates.flatMap((template) => mountSources(template, kind)));
  return [...names].sort().flatMap((name) => {
    const file = named(state, kind, name);
    const data = file && read(file);
    return file === undefined || data === undefined ? [] : [{ id: file.id, name, data }];
  });
}

/** Names of what runs now, on every node. */
export function namesFor(state: State, networks: ReadonlySet<string>): readonly NameRecord[] {
  const found = new Map<string, Map<string, string[]>>(
    [...networks].sort().map((network) => [network, new Map()]),
  );
  for (const task of state.tables.task.byId.values()) {
    if (!isRunning(task) || task.spec.desired.state !== 'run') continue;
    for (const { network, ipv4, aliases } of task.spec.endpoints) {
      const names = found.get(network);
      if (ipv4 === undefined || names === undefined) continue;
      for (const name of aliases) {
        const addresses = names.get(name);
        if (addresses === undefined) names.set(name, [ipv4]);
        else addresses.push(ipv4);
      }
    }
  }
  return [...found].flatMap(([network, names]) =>
    [...names.keys()].sort().map((name) => ({ network, name, addresses: (names.get(name) ?? []).sort() })),
  );
}
