import type { Clock, OrcEvent } from '@orc/model';
import { expect, test } from 'vitest';
import { openEvents } from '../src/index.ts';

const clock: Clock = {
  now: () => 1000,
  monotonic: () => 0,
  sleep: () => Promise.resolve(),
  after: () => () => {},
};

async function take(events: AsyncIterable<OrcEvent>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    seen.push(`${event.index} ${event.action} ${event.actor.id}`);
    if (seen.length === count) break;
  }
  return seen;
}

test('a watcher sees what comes after it, and resumes by index', async () => {
  const events = openEvents(clock);
  events.publish('container', 'create', 'a');
  const live = events.watch({});
  events.publish('container', 'start', 'a');
  expect(await take(live, 1)).toEqual(['2 start a']);
  events.publish('container', 'die', 'a');
  expect(await take(events.watch({ afterIndex: 1 }), 2)).toEqual(['2 start a', '3 die a']);
});

test('an index that the ring has lost is an error, not silence', () => {
  const events = openEvents(clock);
  for (let count = 0; count < 5000; count += 1) events.publish('task', 'phase', 'x');
  expect(() => events.watch({ afterIndex: 3 })).toThrow(/no longer held/);
});

test('an abort ends the watch', async () => {
  const events = openEvents(clock);
  const abort = new AbortController();
  const seen = take(events.watch({ signal: abort.signal }), 5);
  events.publish('task', 'phase', 'x');
  abort.abort();
  expect(await seen).toEqual(['1 phase x']);
});

test('until gives what has happened and ends', async () => {
  const events = openEvents(clock);
  events.publish('image', 'pull', 'busybox');
  expect(await take(events.watch({ afterIndex: 0, untilMs: 1000 }), 9)).toEqual(['1 pull busybox']);
});

test('a watcher that is too slow is cut off, and told what it saw last', async () => {
  const events = openEvents(clock);
  const watch = events.watch({})[Symbol.asyncIterator]();
  for (let count = 0; count < 3; count += 1) events.publish('task', 'phase', 'x');
  expect([(await watch.next()).value.index, (await watch.next()).value.index]).toEqual([1, 2]);
  for (let count = 0; count < 20_000; count += 1) events.publish('task', 'phase', 'x');
  let last = 2;
  const rest = async (): Promise<void> => {
    for (let next = await watch.next(); next.done !== true; next = await watch.next())
      last = next.value.index;
  };
  const error = await rest().catch((each: unknown) => each);
  expect(String(error)).toContain(`after index ${last} are no longer held`);
});
