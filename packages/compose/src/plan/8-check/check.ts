/** Phase 8: what the schema cannot say, over the whole project, services of inactive profiles included. */
import type { Loading } from '../loading.ts';
import { type MapNode, get } from '../node.ts';
import { checkAddresses } from './addresses.ts';
import { checkCycles } from './cycles.ts';
import { checkReferences } from './references.ts';
import { checkResources } from './resources.ts';
import { checkService } from './service.ts';
import { warnOfUnused } from './unused.ts';

export function checkProject(loading: Loading, tree: MapNode): void {
  const services = get(tree, 'services');
  if (services?.kind !== 'map') return;
  for (const [name, { key, value }] of services.entries) {
    if (value.kind !== 'map') continue;
    checkService(loading, name, value, key);
    checkReferences(loading, tree, name, value);
  }
  checkCycles(loading, services);
  checkResources(loading, tree);
  checkAddresses(loading, tree);
  warnOfUnused(loading, tree);
}
