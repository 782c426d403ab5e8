import { expect, test } from 'vitest';
import { turns } from '../src/index.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('no more than that many at a time, in the order in which they came, whatever becomes of each', async () => {
  const turn = turns(2);
  const order: number[] = [];
  let under = 0;
  const outcomes = await Promise.allSettled(
    [0, 1, 2, 3, 4, 5].map((at) =>
      turn(async () => {
        under += 1;
        expect(under).toBeLessThanOrEqual(2);
        order.push(at);
        await tick();
        under -= 1;
        if (at % 2 === 1) throw new Error('odd');
        return at;
      }),
    ),
  );
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  expect(outcomes.map((each) => each.status === 'fulfilled')).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
});

test('who steps aside lets another go first, and waits for a turn again', async () => {
  const turn = turns(1);
  const order: string[] = [];
  const long = turn(async () => {
    order.push('long');
    await turn.aside(async () => {
      await tick();
      order.push('aside');
    });
    order.push('long again');
  });
  const other = turn(async () => {
    order.push('other');
    await tick();
    await tick();
    order.push('other ends');
  });
  await Promise.all([long, other]);
  expect(order).toEqual(['long', 'other', 'aside', 'other ends', 'long again']);
});

test('what fails aside is an end as any other', async () => {
  const turn = turns(1);
  await expect(turn(() => turn.aside(() => Promise.reject(new Error('no room'))))).rejects.toThrow('no room');
  expect(await turn(async () => 'free')).toBe('free');
});
