/** The history of an image: one entry per instruction, those of layers paired with them. */
import type { HistoryEntry } from './documents.ts';

export function historyEntry(
  createdMs: number,
  createdBy: string,
  empty: boolean,
  author?: string,
): HistoryEntry {
  return {
    created: new Date(createdMs).toISOString(),
    created_by: createdBy,
    ...(author === undefined ? {} : { author }),
    ...(empty ? { empty_layer: true } : {}),
  };
}

/** Exactly `layers` entries that are not empty: some tools write too few, or none. */
export function alignHistory(history: readonly HistoryEntry[], layers: number): readonly HistoryEntry[] {
  const filled = history.filter((entry) => entry.empty_layer !== true).length;
  if (filled === layers) return history;
  const untold: HistoryEntry[] = Array.from({ length: layers }, () => ({
    comment: 'a layer without history',
  }));
  return filled > layers ? untold : [...untold.slice(filled), ...history];
}
