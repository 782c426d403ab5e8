/** Services that wait for each other in a circle. */
import { type Loading, report } from '../loading.ts';
import { type MapNode, get } from '../node.ts';

/** Depth first with an explicit stack; each circle is reported once, where it closes. */
export function checkCycles(loading: Loading, services: MapNode): void {
  const finished = new Set<string>();
  for (const start of services.entries.keys()) {
    const path: string[] = [];
    const open: { name: string; rest: string[] }[] = [];
    enter(services, start, finished, path, open);
    while (open.length > 0) {
      const top = open.at(-1) as { name: string; rest: string[] };
      const next = top.rest.shift();
      if (next === undefined) {
        finished.add(top.name);
        path.pop();
        open.pop();
      } else if (path.includes(next)) {
        circle(loading, services, [...path.slice(path.indexOf(next)), next]);
      } else enter(services, next, finished, path, open);
    }
  }
}

function enter(
  services: MapNode,
  name: string,
  finished: ReadonlySet<string>,
  path: string[],
  open: { name: string; rest: string[] }[],
): void {
  if (finished.has(name) || !services.entries.has(name)) return;
  path.push(name);
  open.push({ name, rest: dependenciesOf(services, name) });
}

function dependenciesOf(services: MapNode, name: string): string[] {
  const map = get(get(services, name), 'depends_on');
  return map?.kind === 'map' ? [...map.entries.keys()] : [];
}

function circle(loading: Loading, services: MapNode, names: readonly string[]): void {
  const [last, first] = [names.at(-2) as string, names.at(-1) as string];
  const map = get(get(services, last), 'depends_on');
  const place = map?.kind === 'map' ? map.entries.get(first)?.key : undefined;
  report(loading, 'compose.reference', place, `dependency cycle detected: ${names.join(' -> ')}`, {
    hint: names.length === 2 ? 'a service cannot wait for itself' : 'take one of these dependencies away',
  });
}
