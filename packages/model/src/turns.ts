/** Works that take turns. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;
/** `aside`, within a work: others may go first for as long as that takes. */
export type Turns = InTurn & { readonly aside: InTurn };

/** At most `count` at a time; the others wait in the order in which they came. */
export function turns(count: number): Turns {
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
  const inTurn: InTurn = async (work) => {
    await take();
    try {
      return await work();
    } finally {
      release();
    }
  };
  const aside: InTurn = async (work) => {
    release();
    try {
      return await work();
    } finally {
      await take();
    }
  };
  return Object.assign(inTurn, { aside });
}
