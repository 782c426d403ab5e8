/** Names become folders and hosts' names: none that leads out of a folder is taken, wherever it is written. */
import { KINDS, SERVICE_NAME } from '@orc/model';
import { LIMITS } from '../../limits.ts';
import { type Loading, report } from '../loading.ts';
import { type MapNode, type Node, type Place, get, textOf } from '../node.ts';

const SECTIONS = { networks: 'network', volumes: 'volume', secrets: 'secret', configs: 'config' } as const;

/** Of services by profile inactive as well: what is written is never wanted as it stands. */
export function checkNames(loading: Loading, tree: MapNode): void {
  for (const [key, { key: place }] of entriesOf(get(tree, 'services')))
    checkName(loading, 'service', key, place, SERVICE_NAME);
  for (const [section, kind] of Object.entries(SECTIONS)) {
    for (const [key, { key: place, value }] of entriesOf(get(tree, section))) {
      checkName(loading, kind, key, place, SERVICE_NAME);
      const name = get(value, 'name');
      const text = textOf(name);
      if (name !== undefined && text !== undefined)
        checkName(loading, kind, text, name, KINDS[kind].namePattern);
    }
  }
}

const entriesOf = (node: Node | undefined): MapNode['entries'] =>
  node?.kind === 'map' ? node.entries : new Map();

function checkName(
  loading: Loading,
  what: string,
  name: string,
  target: Node | Place,
  pattern: RegExp,
): void {
  if (pattern.test(name) || (!loading.interpolate && name.includes('$'))) return;
  const message = `${what} name ${JSON.stringify(name)} is not allowed`;
  report(loading, 'compose.schema', target, message, { hint: hintOf(what, name) });
}

function hintOf(what: string, name: string): string {
  if (name.length > LIMITS.nameLengthMax) return `write a name of at most ${LIMITS.nameLengthMax} characters`;
  if (what === 'volume' && name.includes('/'))
    return 'a folder of the host is mounted by its path, in the service: volumes: ["./data:/data"]';
  return 'use letters, digits, ".", "_" and "-", and begin with a letter or digit';
}
