/** What each part of an operation costs, for `npm run bench trace`. */
import type { Clock } from '@orc/model';

export type Stopwatch = {
  /** Ends a part and begins the next. */
  lap(name: string): void;
  /** Milliseconds by part, in order. */
  laps(): Readonly<Record<string, number>>;
};

export function startWatch(clock: Clock): Stopwatch {
  const laps: Record<string, number> = {};
  let last = clock.monotonic();
  return {
    lap(name) {
      const now = clock.monotonic();
      laps[name] = Math.round((now - last) * 1000) / 1000;
      last = now;
    },
    laps: () => laps,
  };
}
