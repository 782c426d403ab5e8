/** What is valid and likely a mistake: said by `check`, not at every run. */
import { posix } from 'node:path';
import type { LoadOptions } from '../../types.ts';
import { rangeOf } from '../5-canonical/ports.ts';
import { type Loading, presenceOf, shownName, warn } from '../loading.ts';
import { type MapNode, type Node, get, textOf } from '../node.ts';
import { isKept } from './host.ts';
import { warnOfSecrets } from './plain-secrets.ts';

export function warnOfMistakes(loading: Loading, tree: MapNode, options: LoadOptions): void {
  const services = get(tree, 'services');
  if (services?.kind !== 'map' || !loading.interpolate) return;
  for (const [name, { value }] of services.entries) {
    floatingTag(loading, name, value);
    missingBinds(loading, name, value, options);
    if ((options.uid ?? 0) !== 0) lowPorts(loading, name, value);
    warnOfSecrets(loading, name, value);
  }
}

/** An image that is built here is what its context says, whatever it is called. */
function floatingTag(loading: Loading, name: string, service: Node): void {
  const image = get(service, 'image');
  const text = textOf(image) ?? '';
  if (image === undefined || text === '' || text.includes('@') || get(service, 'build') !== undefined) return;
  const tag = /:([^/:]*)$/.exec(text)?.[1];
  if (tag !== undefined && tag !== 'latest') return;
  const has = tag === undefined ? 'has no tag, which means latest' : 'has the tag latest';
  warn(
    loading,
    'compose.reference',
    image,
    `service "${name}": the image ${text} ${has}: it is another one from time to time`,
    `name a version, such as ${text.replace(/:latest$/, '')}:1.2, or a digest`,
  );
}

function missingBinds(loading: Loading, name: string, service: Node, options: LoadOptions): void {
  for (const mount of itemsOf(get(service, 'volumes'))) {
    const source = get(mount, 'source');
    const path = textOf(source) ?? '';
    if (textOf(get(mount, 'type')) !== 'bind' || source === undefined || !posix.isAbsolute(path)) continue;
    if (presenceOf(loading, path)?.kind !== 'missing') continue;
    if (isKept(mount) && options.host !== undefined) continue;
    const follows = isKept(mount) ? 'the start will fail' : 'an empty folder is made in its place';
    warn(
      loading,
      'compose.file',
      source,
      `service "${name}": the bind path ${shownName(loading, path)} does not exist: ${follows}`,
      `make it before, or correct the path: ${path}`,
    );
  }
}

/** The first port that is open to root alone, where the kernel was not told otherwise. */
const FREE_FROM = 1024;

function lowPorts(loading: Loading, name: string, service: Node): void {
  for (const port of itemsOf(get(service, 'ports'))) {
    const published = get(port, 'published');
    const range = rangeOf(textOf(published) ?? '');
    if (published === undefined || range === null || range.from === 0 || range.from >= FREE_FROM) continue;
    warn(
      loading,
      'compose.reference',
      published,
      `service "${name}": the port ${range.from} is below ${FREE_FROM}, and only root may publish it`,
      `publish one from ${FREE_FROM} up, such as ${range.from + 8000}, or let the daemon run as root`,
    );
  }
}

const itemsOf = (node: Node | undefined): readonly Node[] => (node?.kind === 'seq' ? node.items : []);
