import { expect, test } from 'vitest';
import { openSlots } from '../src/host/slots.ts';

test('who steps aside lets others go first, and goes on in a turn of its own', async () => {
  const slots = openSlots(1);
  const long = Promise.withResolvers<void>();
  const seen: string[] = [];
  let inside = 0;
  const work = async (name: string): Promise<void> => {
    inside += 1;
    expect(inside).toBe(1);
    await Promise.resolve();
    seen.push(name);
    inside -= 1;
  };
  const first = slots(async () => {
    await slots.aside(() => long.promise);
    await work('first');
  });
  await Promise.all([slots(() => work('second')), slots(() => work('third'))]);
  const last = [slots(() => work('fourth')), slots(() => work('fifth'))];
  long.resolve();
  await Promise.all([first, ...last]);
  expect(seen.toSorted()).toEqual(['fifth', 'first', 'fourth', 'second', 'third']);
  expect(seen.slice(0, 2)).toEqual(['second', 'third']);
});

test('what fails aside is an end as any other', async () => {
  const slots = openSlots(1);
  const fails = slots(() => slots.aside(() => Promise.reject(new Error('no room'))));
  await expect(fails).rejects.toThrow('no room');
  expect(await slots(async () => 'free')).toBe('free');
});
