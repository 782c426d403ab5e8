import { emptyState, type Wake } from '@orc/cluster';
import { expect, test } from 'vitest';
import { openAlarm } from '../src/alarm.ts';

type Timer = { readonly at: number; readonly call: () => void };

function world(wakes: readonly Wake[]) {
  const state = emptyState();
  const here = { now: 0, timer: undefined as Timer | undefined, rung: 0 };
  const clock = {
    now: () => here.now,
    after: (ms: number, call: () => void) => {
      const timer = { at: here.now + ms, call };
      here.timer = timer;
      return () => {
        if (here.timer === timer) here.timer = undefined;
      };
    },
  };
  const alarm = openAlarm(
    clock,
    (_, after) => wakes.filter(({ at }) => at > after),
    () => {
      here.rung += 1;
    },
  );
  const due = (): readonly string[] => [...alarm.due(state)];
  return { here, due, set: () => alarm.set(state) };
}

test('a timer that goes off early loses nothing, also when the time comes while it is looked at', () => {
  const { here, due, set } = world([{ at: 100, project: 'a' }]);
  expect(due()).toEqual([]);
  set();
  expect(here.timer?.at).toBe(100);
  here.now = 99;
  expect(due()).toEqual([]);
  here.now = 100;
  set();
  expect(here.timer?.at).toBe(100);
  expect(due()).toEqual(['a']);
  set();
  expect([here.timer, due()]).toEqual([undefined, []]);
});

test('what is due of one project is not lost by a look that others called for', () => {
  const { here, due, set } = world([
    { at: 100, project: 'a' },
    { at: 300, project: 'b' },
  ]);
  due();
  set();
  here.now = 150;
  expect(due()).toEqual(['a']);
  set();
  expect(here.timer?.at).toBe(300);
});

test('after a clock was set back, what is still to come by it is looked at again', () => {
  const { here, due, set } = world([{ at: 100, project: 'a' }]);
  here.now = 200;
  expect(due()).toEqual(['a']);
  here.now = 50;
  expect(due()).toEqual([]);
  set();
  expect(here.timer?.at).toBe(100);
});
