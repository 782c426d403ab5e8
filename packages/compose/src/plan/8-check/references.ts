/** Names of other services, networks, volumes, secrets and configs must be defined. */
import { SERVICE_NAME } from '@orc/model';
import { type Loading, report } from '../loading.ts';
import { type MapNode, type Node, type Place, at, get, textOf } from '../node.ts';
import { suggest } from '../suggest.ts';

type Reference = {
  readonly name: string;
  readonly place: Node | Place;
  /** Instead of how to define it. */
  readonly hint?: string;
};
type Work = { readonly loading: Loading; readonly tree: MapNode; readonly service: string };

export function checkReferences(loading: Loading, tree: MapNode, service: string, node: MapNode): void {
  const work: Work = { loading, tree, service };
  for (const each of keysOf(get(node, 'depends_on')))
    need(work, 'services', each, `service "${service}" depends on undefined service "${each.name}"`);
  for (const each of keysOf(get(node, 'networks'))) {
    need(work, 'networks', each, `service "${service}" refers to undefined network ${each.name}`);
  }
  for (const each of volumesOf(node))
    need(work, 'volumes', each, `service "${service}" refers to undefined volume ${each.name}`);
  for (const kind of ['secret', 'config'] as const) {
    for (const each of sourcesOf(get(node, `${kind}s`))) {
      need(work, `${kind}s`, each, `service "${service}" refers to undefined ${kind} ${each.name}`);
    }
  }
  checkBuild(work, get(node, 'build'));
  checkHealthWaits(work, get(node, 'depends_on'));
}

/** Without a healthcheck in the file there may be the image's; one that is switched off leaves none. */
function checkHealthWaits({ loading, tree, service }: Work, dependencies: Node | undefined): void {
  if (dependencies?.kind !== 'map') return;
  for (const [name, { value }] of dependencies.entries) {
    const condition = get(value, 'condition');
    const isWanted = textOf(condition) === 'service_healthy' && !isSet(get(value, 'required'), false);
    if (!isWanted || !isUnchecked(at(tree, ['services', name, 'healthcheck']))) continue;
    const message = `service "${service}" waits for the health of "${name}", whose healthcheck is switched off`;
    report(loading, 'compose.reference', condition, message, {
      hint: `give ${name} a healthcheck, or wait for it with condition: service_started`,
    });
  }
}

const isSet = (node: Node | undefined, value: boolean): boolean =>
  node?.kind === 'scalar' && node.value === value;

const isUnchecked = (healthcheck: Node | undefined): boolean =>
  isSet(get(healthcheck, 'disable'), true) || textOf(at(healthcheck, ['test', 0])) === 'NONE';

function need(work: Work, section: string, reference: Reference, message: string): void {
  const map = get(work.tree, section);
  if (map?.kind === 'map' && map.entries.has(reference.name)) return;
  if (reference.name === '') return;
  const known = map?.kind === 'map' ? [...map.entries.keys()] : [];
  if (section === 'networks' && reference.name === 'default') return;
  const others = section === 'services' ? known.filter((each) => each !== work.service) : known;
  report(work.loading, 'compose.reference', reference.place, message, {
    hint: reference.hint ?? suggest(reference.name, others) ?? define(section, reference.name),
  });
}

const define = (section: string, name: string): string =>
  `define it under the top-level \`${section}:\` as \`${name}:\``;

const keysOf = (node: Node | undefined): readonly Reference[] =>
  node?.kind === 'map' ? [...node.entries].map(([name, { key }]) => ({ name, place: key })) : [];

const itemsOf = (node: Node | undefined): readonly Node[] => (node?.kind === 'seq' ? node.items : []);

const sourcesOf = (node: Node | undefined): readonly Reference[] =>
  itemsOf(node).map((item) => ({
    name: textOf(get(item, 'source')) ?? '',
    place: get(item, 'source') ?? item,
  }));

const volumesOf = (node: MapNode): readonly Reference[] =>
  itemsOf(get(node, 'volumes'))
    .filter((item) => textOf(get(item, 'type')) === 'volume' && get(item, 'source') !== undefined)
    .map((item) => {
      const source = get(item, 'source');
      const name = textOf(source) ?? '';
      return {
        name,
        place: source ?? item,
        ...(SERVICE_NAME.test(name) ? {} : { hint: asFolder(item, name) }),
      };
    });

/** What can be no volume's name was meant as a path; the short form and its source stand at one place. */
function asFolder(item: Node, path: string): string {
  const isShort = get(item, 'source')?.place.start === get(item, 'target')?.place.start;
  const written = isShort
    ? `./${path}:${textOf(get(item, 'target')) ?? ''}`
    : `type: bind with source: ./${path}`;
  return `without ./ it is a volume's name, which it cannot be: for a folder beside the file write ${written}`;
}

function checkBuild(work: Work, build: Node | undefined): void {
  for (const each of sourcesOf(get(build, 'secrets'))) {
    need(work, 'secrets', each, `service "${work.service}" refers to undefined build secret ${each.name}`);
  }
  const contexts = get(build, 'additional_contexts');
  if (contexts?.kind !== 'map') return;
  for (const [key, { value }] of contexts.entries) {
    const target = textOf(value) ?? '';
    if (!target.startsWith('service:')) continue;
    const name = target.slice('service:'.length);
    const owner = `service "${work.service}"`;
    const message = `${owner} declares unknown service "${name}" as additional contexts ${key}`;
    need(work, 'services', { name, place: value }, message);
  }
}
