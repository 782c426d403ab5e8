/** At most `count` at a time; the others wait in order. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** `aside`, within a work: others may go first as long as it takes. */
export type OpenSlots = Slots & { readonly aside: Slots };

export function openSlots(count: number): OpenSlots {
  let free = count;
  const waiting: (() => void)[] = [];
  const take = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const slots: Slots = async (work) => {
    await take();
    try {
      return await work();
    } finally {
      release();
    }
  };
  const aside: Slots = async (act) => {
    release();
    try {
      return await act();
    } finally {
      await take();
    }
  };
  return Object.assign(slots, { aside });
}
