/** What the host that services are to run on has not: their platform, and folders that nobody is to make. */
import { type HostPlatform, platformName, runsPlatform } from '@orc/model';
import { posix } from 'node:path';
import { type Loading, presenceOf, report, shownName } from '../loading.ts';
import { type MapNode, type Node, get, textOf } from '../node.ts';

/** Of those in `names` and what they depend on; of all when none are named. */
export function checkHost(
  loading: Loading,
  services: MapNode,
  host: HostPlatform,
  names: readonly string[],
): void {
  const wanted = names.length === 0 ? [...services.entries.keys()] : withDependencies(services, names);
  for (const name of wanted) {
    const service = get(services, name);
    checkPlatform(loading, name, get(service, 'platform'), host);
    checkBinds(loading, name, get(service, 'volumes'));
  }
}

function withDependencies(services: MapNode, names: readonly string[]): readonly string[] {
  const found = new Set(names);
  for (const name of found) {
    const needs = get(get(services, name), 'depends_on');
    if (needs?.kind === 'map') for (const each of needs.entries.keys()) found.add(each);
  }
  return [...found];
}

function checkPlatform(loading: Loading, name: string, node: Node | undefined, host: HostPlatform): void {
  const platform = textOf(node);
  if (platform === undefined || platform === '' || runsPlatform(host, platform)) return;
  const has = platformName(host);
  const message = `services.${name}.platform: this host is ${has}, and runs nothing of "${platform}"`;
  report(loading, 'compose.schema', node, message, { hint: `leave it out, or write ${has}` });
}

/** As docker does before it makes any container: what another service would put there comes too late. */
function checkBinds(loading: Loading, name: string, mounts: Node | undefined): void {
  for (const mount of mounts?.kind === 'seq' ? mounts.items : []) {
    const source = get(mount, 'source');
    const path = textOf(source) ?? '';
    if (!isKept(mount) || !posix.isAbsolute(path) || presenceOf(loading, path)?.kind !== 'missing') continue;
    const message = `service "${name}": the bind path ${shownName(loading, path)} does not exist`;
    report(loading, 'compose.file', source, message, {
      hint: `make it before, or correct the path: ${path}`,
    });
  }
}

/** Whether its folder is not to be made. */
export function isKept(mount: Node): boolean {
  const create = get(get(mount, 'bind'), 'create_host_path');
  return textOf(get(mount, 'type')) === 'bind' && create?.kind === 'scalar' && create.value === false;
}
