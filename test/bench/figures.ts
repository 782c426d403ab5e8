/** Figures of one run: printed as they come, `name value unit ratio`. */

export type Figures = {
  /** `against`: what the ratio is taken to; the ratio says how many times better `value` is. */
  print(
    name: string,
    value: number,
    unit: string,
    against?: { readonly name: string; readonly value: number; readonly goal?: number },
  ): void;
  note(text: string): void;
  missed(): readonly string[];
};

const BIGGER_IS_BETTER = /\/s$/;
const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);

export function openFigures(write: (line: string) => void): Figures {
  const missed: string[] = [];
  return {
    print(name, value, unit, against) {
      if (against === undefined) return write(`${name} ${digits(value)} ${unit} -`);
      const ratio = BIGGER_IS_BETTER.test(unit) ? value / against.value : against.value / value;
      const { goal } = against;
      const verdict =
        goal === undefined
          ? ''
          : ratio >= goal
            ? ` (wanted ${digits(goal)}x: reached)`
            : ` (wanted ${digits(goal)}x: missed)`;
      if (goal !== undefined && ratio < goal) missed.push(name);
      write(`${name} ${digits(value)} ${unit} ${digits(ratio)}x ${against.name}${verdict}`);
    },
    note: (text) => write(`# ${text}`),
    missed: () => missed,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds of each of `count` calls, one after the other. */
export async function timeEach(
  count: number,
  call: (index: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await call(index);
    times.push(performance.now() - began);
  }
  return times;
}

/** `count` calls, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  call: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
