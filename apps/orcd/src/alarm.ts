/** What time alone decides is looked at in time. */
import type { State, Wake } from '@orc/cluster';
import type { Clock } from '@orc/model';

export type Alarm = {
  /** Projects whose time has come since the last call: they are for the next pass, which sees this time or a later one. */
  due(state: State): ReadonlySet<string>;
  /** Calls at the first time that no call of `due` has told of. A timer may go off early: it is set again then. */
  set(state: State): void;
  cancel(): void;
};

/** `wakes`: all after a time, the earliest first. */
export function openAlarm(
  clock: Pick<Clock, 'now' | 'after'>,
  wakes: (state: State, after: number) => readonly Wake[],
  call: () => void,
): Alarm {
  let cancel = (): void => undefined;
  let told = Number.NEGATIVE_INFINITY;
  return {
    due(state) {
      const since = told;
      told = clock.now();
      return new Set(wakes(state, since).flatMap(({ at, project }) => (at <= told ? [project] : [])));
    },
    set(state) {
      cancel();
      const [first] = wakes(state, told);
      if (first !== undefined) cancel = clock.after(Math.max(0, first.at - clock.now()), call);
    },
    cancel: () => cancel(),
  };
}
