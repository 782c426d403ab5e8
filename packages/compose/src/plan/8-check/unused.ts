/** Networks, volumes, secrets and configs that are defined and that no service uses, of whatever profile. */
import { type Loading, warn } from '../loading.ts';
import { type MapNode, type Node, type Path, at, get, textOf } from '../node.ts';

/** Where services name what is defined below a section: lists of mounts, or a mapping by name. */
const USES: Readonly<Record<string, { readonly noun: string; readonly paths: readonly Path[] }>> = {
  networks: { noun: 'network', paths: [['networks']] },
  volumes: { noun: 'volume', paths: [['volumes']] },
  secrets: { noun: 'secret', paths: [['secrets'], ['build', 'secrets']] },
  configs: { noun: 'config', paths: [['configs']] },
};

export function warnOfUnused(loading: Loading, tree: MapNode): void {
  const services = get(tree, 'services');
  if (services?.kind !== 'map') return;
  for (const [section, { noun, paths }] of Object.entries(USES)) {
    const defined = get(tree, section);
    if (defined?.kind !== 'map' || defined.entries.size === 0) continue;
    const used = new Set(
      [...services.entries.values()].flatMap(({ value }) =>
        paths.flatMap((path) => namesIn(at(value, path))),
      ),
    );
    for (const [name, { key }] of defined.entries) {
      // The default network's entry says what it is like, should any service need it.
      if (used.has(name) || (section === 'networks' && name === 'default')) continue;
      warn(loading, 'compose.reference', key, `no service uses the ${noun} "${name}"`, HINT);
    }
  }
}

const HINT = 'name it in a service, or remove it';

function namesIn(node: Node | undefined): readonly string[] {
  if (node?.kind === 'map') return [...node.entries.keys()];
  return node?.kind === 'seq' ? node.items.map((item) => textOf(get(item, 'source')) ?? '') : [];
}
