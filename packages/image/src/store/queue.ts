/** One at a time, in order; a failure does not stop the next. */
export type Serial = <T>(job: () => Promise<T>) => Promise<T>;

export function serial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(job: () => Promise<T>): Promise<T> => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
}

/** Callers of one key at the same time share one run. */
export function shared<T>(): (key: string, job: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return (key, job) => {
    const present = running.get(key);
    if (present !== undefined) return present;
    const started = job().finally(() => running.delete(key));
    running.set(key, started);
    return started;
  };
}

/** One at a time for each key, in order; a failure does not stop the next. */
export function keyed(): <T>(key: string, job: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (key, job) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(job);
    const tail = turn
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return turn;
  };
}
