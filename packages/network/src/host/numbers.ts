/** Numbers for new links. They begin anywhere and only grow, so that a name just given up is not met again. */
import type { Random } from '@orc/model';
import { indexBase, namespaceIndex, SERIALS } from '../plan/links.ts';
import type { Numbers } from './bridges.ts';
import type { PresentLink } from './present.ts';

export function openNumbers(random: Random, present: readonly PresentLink[]): Numbers {
  const names = new Set(present.map((link) => link.name.slice(-4)));
  const indexes = new Set(present.map((link) => link.index));
  const seed = new DataView(random.bytes(8).slice().buffer);
  const first = { index: indexBase(seed.getUint32(0)), serial: seed.getUint32(4) };
  let { index, serial } = first;
  return {
    index: () => {
      do index += 1;
      while (indexes.has(index));
      return index;
    },
    serial: () => {
      do serial += 1;
      while (names.has((serial % SERIALS).toString(36).padStart(4, '0')));
      return serial % SERIALS;
    },
    given: (name) => {
      const bare = namespaceIndex(name);
      if (bare !== undefined) return bare > first.index && bare <= index;
      const ahead = (Number.parseInt(name.slice(-4), 36) - (first.serial % SERIALS) + SERIALS) % SERIALS;
      return ahead > 0 && ahead <= serial - first.serial;
    },
  };
}
