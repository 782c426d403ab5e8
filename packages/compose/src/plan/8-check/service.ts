/** Attributes of one service that exclude or contradict each other. */
import { nearestWord } from '@orc/model';
import { type Loading, report, warn } from '../loading.ts';
import { type MapNode, type Node, type Path, type Place, at, get, textOf } from '../node.ts';

export function checkService(loading: Loading, name: string, service: MapNode, key: Place): void {
  checkOrigin(loading, name, service, key);
  checkBuild(loading, name, service);
  checkNetworkMode(loading, name, service);
  checkTwice(loading, name, service);
  checkCounts(loading, name, service);
  checkTargets(loading, name, service);
  checkRestart(loading, name, service);
}

function checkOrigin(loading: Loading, name: string, service: MapNode, key: Place): void {
  if (['image', 'build', 'provider', 'extends'].some((each) => get(service, each) !== undefined)) return;
  if ([...service.entries.keys()].some((each) => nearestWord(each, ['image', 'build']) !== undefined)) return;
  const message = `service "${name}" has neither an image nor a build context specified`;
  report(loading, 'compose.schema', key, message, { hint: 'write image: or build:' });
}

function checkBuild(loading: Loading, name: string, service: MapNode): void {
  const build = get(service, 'build');
  const inline = get(build, 'dockerfile_inline');
  if (inline !== undefined && get(build, 'dockerfile') !== undefined) {
    const message = `service "${name}" has both dockerfile and dockerfile_inline`;
    report(loading, 'compose.schema', inline, message, { hint: 'keep one of them' });
  }
  const platform = get(service, 'platform');
  const platforms = get(build, 'platforms');
  if (platform === undefined || platforms?.kind !== 'seq' || platforms.items.length === 0) return;
  if (platforms.items.some((each) => textOf(each) === textOf(platform))) return;
  const message = `service "${name}": build.platforms must include the platform "${textOf(platform)}"`;
  report(loading, 'compose.schema', platforms, message, { hint: `add ${textOf(platform)} to it` });
}

function checkNetworkMode(loading: Loading, name: string, service: MapNode): void {
  const mode = get(service, 'network_mode');
  const networks = get(service, 'networks');
  if (mode === undefined || textOf(mode) === '') return;
  if (networks !== undefined) {
    const message = `service "${name}" declares mutually exclusive network_mode and networks`;
    report(loading, 'compose.schema', mode, message, { hint: 'keep one of them' });
  }
  if (textOf(mode) === 'host' && get(service, 'ports') !== undefined) {
    warn(
      loading,
      'compose.schema',
      get(service, 'ports'),
      `service "${name}": published ports have no effect with network_mode: host`,
    );
  }
}

/** The short attribute, its twin under deploy. */
const TWINS: readonly (readonly [string, Path])[] = [
  ['cpus', ['deploy', 'resources', 'limits', 'cpus']],
  ['mem_limit', ['deploy', 'resources', 'limits', 'memory']],
  ['pids_limit', ['deploy', 'resources', 'limits', 'pids']],
  ['mem_reservation', ['deploy', 'resources', 'reservations', 'memory']],
  ['scale', ['deploy', 'replicas']],
];

function checkTwice(loading: Loading, name: string, service: MapNode): void {
  for (const [short, path] of TWINS) {
    const one = get(service, short);
    const other = at(service, path);
    if (one === undefined || other === undefined || textOf(one) === textOf(other)) continue;
    const message = `service "${name}": can't set distinct values on ${short} and ${path.join('.')}`;
    report(loading, 'compose.schema', one, message, { hint: 'keep one of them' });
  }
}

const numberOf = (node: Node | undefined): number | undefined =>
  node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;

function checkCounts(loading: Loading, name: string, service: MapNode): void {
  const counts = [get(service, 'scale'), at(service, ['deploy', 'replicas'])];
  for (const [index, node] of counts.entries()) {
    const attribute = index === 0 ? 'scale' : 'deploy.replicas';
    const count = numberOf(node);
    if (count !== undefined && count < 0) {
      report(
        loading,
        'compose.schema',
        node,
        `service "${name}": ${attribute} must be greater than or equal to 0, not ${count}`,
      );
    } else if (count !== undefined && count > 1 && get(service, 'container_name') !== undefined) {
      const message = `service "${name}" has a container_name and cannot be scaled to ${count}`;
      report(loading, 'compose.schema', node, message, {
        hint: 'remove container_name, names are made from the service',
      });
    }
  }
}

function checkTargets(loading: Loading, name: string, service: MapNode): void {
  const taken = new Map<string, Node>();
  const volumes = get(service, 'volumes');
  const tmpfs = get(service, 'tmpfs');
  const targets: [string, Node][] = [
    ...(volumes?.kind === 'seq'
      ? volumes.items.map((each): [string, Node] => [textOf(get(each, 'target')) ?? '', each])
      : []),
    ...(tmpfs?.kind === 'seq'
      ? tmpfs.items.map((each): [string, Node] => [(textOf(each) ?? '').split(':')[0] as string, each])
      : []),
  ];
  for (const [target, node] of targets) {
    if (target !== '' && taken.has(target)) {
      report(loading, 'compose.schema', node, `service "${name}": target ${target} already mounted`, {
        hint: 'each path can be mounted once',
      });
    } else taken.set(target, node);
  }
}

const RESTART = /^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/;

function checkRestart(loading: Loading, name: string, service: MapNode): void {
  const restart = get(service, 'restart');
  const text = textOf(restart);
  if (restart === undefined || text === undefined || text === '' || RESTART.test(text)) return;
  if (!loading.interpolate && text.includes('$')) return;
  report(loading, 'compose.schema', restart, `service "${name}": restart cannot be "${text}"`, {
    hint: 'it is no, always, on-failure, on-failure:3 or unless-stopped',
  });
}
