/**
 * `environment:` of a config becomes its content; of a secret it stays a name, so that no model holds the
 * secret.
 */
import { type MapNode, get, mapValues, scalar, textOf, withEntries } from '../node.ts';

export function withContents(tree: MapNode, variables: ReadonlyMap<string, string>): MapNode {
  const configs = get(tree, 'configs');
  if (configs?.kind !== 'map') return tree;
  const filled = mapValues(configs, (config) => {
    const variable = get(config, 'environment');
    const value = variables.get(textOf(variable) ?? '');
    if (config.kind !== 'map' || variable === undefined || value === undefined) return config;
    return withEntries(config, { content: scalar(value, variable.place) });
  });
  return withEntries(tree, { configs: filled });
}
