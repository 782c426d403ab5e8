/** Numbers for new links. They begin anywhere and only grow, so that a name just given up is not met again. */
import type { Random } from '@orc/model';
import { indexBase } from '../plan/links.ts';
import type { Numbers } from './bridges.ts';
import type { PresentLink } from './present.ts';

export function openNumbers(random: Random, present: readonly PresentLink[]): Numbers {
  const names = new Set(present.map((link) => link.name.slice(-4)));
  const indexes = new Set(present.map((link) => link.index));
  const seed = new DataView(random.bytes(8).slice().buffer);
  let index = indexBase(seed.getUint32(0));
  let serial = seed.getUint32(4);
  return {
    index: () => {
      do index += 1;
      while (indexes.has(index));
      return index;
    },
    serial: () => {
      do serial += 1;
      while (names.has((serial % 36 ** 4).toString(36).padStart(4, '0')));
      return serial % 36 ** 4;
    },
  };
}
