/** Networks, volumes, secrets and configs of a project: made, changed where that is possible, refused where not. */
import {
  type Cidr,
  contains,
  formatCidr,
  type NetworkObj,
  type NetworkSpec,
  overlaps,
  parseCidr,
  parseIpv4,
  type Problem,
  type Project,
  type ProjectFile,
  type ProjectNetwork,
  type ProjectVolume,
  type Subnet,
  type VolumeObj,
} from '@orc/model';
import { fresh, now, patchSpec, put } from '../state/draft.ts';
import { same } from '../state/same.ts';
import { all, named, type State } from '../state/table.ts';
import type { Used } from './hash.ts';
import type { Planning } from './types.ts';

export function putNetworks(planning: Planning, project: Project, used: Used): void {
  for (const network of project.networks) {
    if (used.networks.has(network.name)) putNetwork(planning, project.name, network);
  }
}

function putNetwork(planning: Planning, project: string, network: ProjectNetwork): void {
  const { draft, lines, problems } = planning;
  const found = named(now(draft), 'network', network.name);
  if (network.external || found === undefined) {
    if (found !== undefined) return;
    if (network.external) problems.push(missing('network', network.name));
    else createNetwork(planning, network.name, { ...network.spec, project, key: network.key });
    return;
  }
  if (found.spec.project !== project) {
    problems.push(foreign('network', network.name, found.spec.project));
    return;
  }
  const spec = { ...network.spec, project, key: network.key };
  if (same(found.spec, spec)) return;
  if (!same(shapeOf(found.spec), shapeOf(spec)) && inUse(now(draft), found)) problems.push(fixed(found));
  const reset = same(shapeOf(found.spec), shapeOf(spec)) ? found.status : { ...found.status, subnets: [] };
  put(draft, { ...found, spec, status: reset });
  lines.push({ kind: 'network', name: network.name, action: 'update' });
  checkSubnets(planning, network.name, spec);
}

/** Also for `network create`. */
export function createNetwork(planning: Planning, name: string, spec: NetworkSpec): void {
  const { draft, proposer, lines } = planning;
  checkSubnets(planning, name, spec);
  const status = { subnets: [], index: 0, blocks: [] };
  put(draft, fresh('network', proposer.ids.object(), name, proposer.now, spec, status));
  lines.push({ kind: 'network', name, action: 'create' });
}

/** What cannot change under running containers. */
const shapeOf = ({ driver, subnets, ipv6, options }: NetworkSpec): unknown => ({
  driver,
  subnets,
  ipv6,
  options,
});

export const inUse = (state: State, network: NetworkObj): boolean =>
  all(state, 'task').some((task) => task.spec.endpoints.some((each) => each.network === network.name));

const fixed = (network: NetworkObj): Problem => ({
  code: 'conflict.inuse',
  message: `the driver, subnets or options of network ${network.name} cannot change while containers are on it`,
  hint: 'orc down, then orc up',
});

function checkSubnets({ draft, problems }: Planning, name: string, spec: NetworkSpec): void {
  for (const given of spec.subnets ?? []) {
    const { subnet } = given;
    const cidr = parseCidr(subnet);
    if (cidr === undefined) {
      problems.push({
        code: 'input.invalid',
        message: `network ${name} has the subnet ${subnet}, which is none`,
        hint: 'write a CIDR such as 10.9.0.0/24',
      });
      continue;
    }
    problems.push(...outside(name, given, cidr));
    for (const other of all(now(draft), 'network')) {
      const holds = other.status.subnets.map((each) => parseCidr(each.subnet));
      if (other.name === name || !holds.some((each) => each !== undefined && overlaps(each, cidr))) continue;
      problems.push({
        code: 'conflict.state',
        message: `the subnet ${subnet} of network ${name} overlaps with network ${other.name}`,
        hint: 'choose another subnet, or none to be given a free one',
      });
    }
  }
}

/** What is named of a subnet lies in it. */
function outside(name: string, { subnet, gateway, ipRange }: Subnet, cidr: Cidr): readonly Problem[] {
  const named = [
    { what: 'gateway', text: gateway, base: parseIpv4(gateway ?? '') },
    { what: 'range', text: ipRange, base: parseCidr(ipRange ?? '')?.base },
  ];
  return named
    .filter(({ text, base }) => text !== undefined && (base === undefined || !contains(cidr, base)))
    .map(({ what, text }) => ({
      code: 'input.invalid',
      message: `the ${what} ${text} of network ${name} is not in its subnet ${subnet}`,
      hint: `choose one in ${formatCidr(cidr)}`,
    }));
}

export function putVolumes(planning: Planning, project: Project, used: Used): void {
  for (const volume of project.volumes) {
    if (used.volumes.has(volume.name)) putVolume(planning, project.name, volume);
  }
}

function putVolume(planning: Planning, project: string, volume: ProjectVolume): void {
  const { draft, proposer, lines, problems } = planning;
  const found = named(now(draft), 'volume', volume.name);
  if (volume.external) {
    if (found === undefined) problems.push(missing('volume', volume.name));
    return;
  }
  const spec = { ...volume.spec, project, key: volume.key };
  if (found === undefined) {
    put(draft, fresh('volume', proposer.ids.object(), volume.name, proposer.now, spec, {}));
    lines.push({ kind: 'volume', name: volume.name, action: 'create' });
  } else if (found.spec.project !== project)
    problems.push(foreign('volume', volume.name, found.spec.project));
  else if (!same(found.spec, spec)) changeVolume(planning, found, spec);
}

function changeVolume({ draft, lines, problems }: Planning, found: VolumeObj, spec: VolumeObj['spec']): void {
  if (!same([found.spec.driver, found.spec.options], [spec.driver, spec.options])) {
    problems.push({
      code: 'conflict.state',
      message: `volume ${found.name} exists with another driver or other options`,
      hint: `orc volume rm ${found.name} removes it and its data`,
    });
    return;
  }
  put(draft, { ...found, spec });
  lines.push({ kind: 'volume', name: found.name, action: 'update' });
}

export function putFiles(planning: Planning, project: Project, used: Used): void {
  for (const file of project.secrets)
    if (used.secrets.has(file.name)) putFile(planning, 'secret', project.name, file);
  for (const file of project.configs)
    if (used.configs.has(file.name)) putFile(planning, 'config', project.name, file);
}

function putFile(planning: Planning, kind: 'secret' | 'config', project: string, file: ProjectFile): void {
  const { draft, proposer, lines, problems } = planning;
  const found = named(now(draft), kind, file.name);
  if (file.external) {
    if (found === undefined) problems.push(missing(kind, file.name));
    return;
  }
  if (found !== undefined && found.spec.project !== project) {
    problems.push(foreign(kind, file.name, found.spec.project));
    return;
  }
  const plain = file.data ?? '';
  const hash = kind === 'secret' ? proposer.keyedHash(plain) : proposer.sha256(plain);
  const about = {
    project,
    key: file.key,
    hash,
    ...(file.labels === undefined ? {} : { labels: file.labels }),
  };
  const id = found?.id ?? proposer.ids.object();
  const sealed = (version: number): string =>
    kind === 'secret' ? proposer.seal(`${id}/${version}`, plain) : plain;
  if (found === undefined) {
    put(draft, fresh(kind, id, file.name, proposer.now, { ...about, data: sealed(1) }, {}));
    lines.push({ kind, name: file.name, action: 'create' });
  } else if (!same({ ...found.spec, data: undefined }, about)) {
    patchSpec(draft, found, { ...about, data: sealed(found.specVersion + 1) });
    lines.push({ kind, name: file.name, action: 'update' });
  }
}

export function missing(kind: 'network' | 'volume' | 'secret' | 'config', name: string): Problem {
  const code = kind === 'network' || kind === 'volume' ? (`notfound.${kind}` as const) : 'notfound.object';
  const hint =
    code === 'notfound.object' ? {} : { hint: `orc ${kind} create ${name}, or drop external: true` };
  return { code, message: `the external ${kind} ${name} does not exist`, ...hint };
}

const foreign = (kind: string, name: string, owner: string | undefined): Problem => ({
  code: 'conflict.name',
  message: `${kind} ${name} ${owner === undefined ? 'was not made by a project' : `belongs to project ${owner}`}`,
  hint: 'mark it external: true to use it, or give yours another name',
});
