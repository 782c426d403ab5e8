/** Services whose profiles are not active leave the project; so do optional dependencies on them. */
import { type Loading, report, warn } from '../loading.ts';
import { type Entry, type MapNode, type Node, get, mapValues, textOf, withEntries } from '../node.ts';
import { suggest } from '../suggest.ts';

export type ProfileChoice = { readonly profiles: readonly string[]; readonly services: readonly string[] };

export function applyProfiles(loading: Loading, services: MapNode, choice: ProfileChoice): MapNode {
  const active = new Set(choice.profiles);
  warnOfUnknown(loading, choice.profiles, allProfiles(services));
  for (const name of choice.services) for (const each of profilesOf(get(services, name))) active.add(each);
  const enabled = new Map<string, Entry>();
  for (const [name, entry] of services.entries) if (isEnabled(entry.value, active)) enabled.set(name, entry);
  const kept: MapNode = { ...services, entries: enabled };
  return mapValues(kept, (service, name) => withoutDisabled(loading, service, name, services, kept));
}

/** One that is nowhere is no fault, for it may be of another project; one that is nearly here is a slip. */
function warnOfUnknown(loading: Loading, asked: readonly string[], known: readonly string[]): void {
  for (const name of asked) {
    const meant = known.includes(name) || name === '*' ? undefined : suggest(name, known);
    if (meant !== undefined)
      warn(loading, 'compose.reference', undefined, `no service has the profile "${name}"`, meant);
  }
}

export const allProfiles = (services: MapNode): readonly string[] =>
  [...new Set([...services.entries.values()].flatMap(({ value }) => profilesOf(value)))].sort();

const profilesOf = (service: Node | undefined): readonly string[] => {
  const list = get(service, 'profiles');
  return list?.kind === 'seq' ? list.items.map((item) => textOf(item) ?? '') : [];
};

function isEnabled(service: Node, active: ReadonlySet<string>): boolean {
  const profiles = profilesOf(service);
  return profiles.length === 0 || active.has('*') || profiles.some((each) => active.has(each));
}

function withoutDisabled(loading: Loading, service: Node, name: string, all: MapNode, kept: MapNode): Node {
  const dependencies = get(service, 'depends_on');
  if (service.kind !== 'map' || dependencies?.kind !== 'map') return service;
  const entries = new Map(dependencies.entries);
  for (const [target, { key, value }] of dependencies.entries) {
    if (kept.entries.has(target) || !all.entries.has(target)) continue;
    const required = get(value, 'required');
    if (required?.kind === 'scalar' && required.value === false) entries.delete(target);
    else inactive(loading, name, target, profilesOf(get(all, target)), key);
  }
  return entries.size === dependencies.entries.size
    ? service
    : withEntries(service, { depends_on: entries.size === 0 ? undefined : { ...dependencies, entries } });
}

function inactive(
  loading: Loading,
  name: string,
  target: string,
  profiles: readonly string[],
  key: Entry['key'],
): void {
  const message = `service "${name}" depends on "${target}", which is off: none of its profiles is active`;
  report(loading, 'compose.reference', key, message, {
    hint: `activate it with --profile ${profiles[0]}, or write required: false`,
  });
}
