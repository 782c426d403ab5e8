/** `links: [db:database]` gives `db` a further name on the networks that both share. */
import type { ComposeModel } from '../../compose-model.ts';

export function linkAliasesOf(model: ComposeModel): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, string[]>();
  for (const service of Object.values(model.services)) {
    for (const link of service.links ?? []) {
      const [target = '', alias] = link.split(':');
      if (alias === undefined || alias === target) continue;
      const known = aliases.get(target) ?? [];
      if (!known.includes(alias)) known.push(alias);
      aliases.set(target, known);
    }
  }
  return aliases;
}
