/** The core alone: inputs in, outputs out. */
import { describe, expect, test } from 'vitest';
import { createCore, step } from '../src/index.ts';

const start = {
  id: 'a',
  voters: ['a'],
  hardState: { term: 4, vote: 'a', commit: 6 },
  lastIndex: 9,
  lastTerm: 4,
  snapshotIndex: 5,
};
const proposal = (key: number) => ({ key, data: new Uint8Array([key]) });

describe('one voter', () => {
  test('leads from its first tick, in a new term that it opens with an entry of its own', () => {
    const core = createCore(start);
    const output = step(core, { type: 'tick' });
    expect(output.hardState).toEqual({ term: 5, vote: 'a', commit: 6 });
    expect(output.append).toMatchObject([{ index: 10, term: 5, kind: 'noop' }]);
    expect(output.committed).toEqual([]);
    expect(core.role).toBe('leader');
    expect(step(core, { type: 'tick' }).append).toEqual([]);
  });

  test('commits nothing, not even what was on its disk before, until that entry is durable', () => {
    const core = createCore(start);
    step(core, { type: 'tick' });
    expect(step(core, { type: 'disk-done', index: 9 }).committed).toEqual([]);
    expect(core.commitIndex).toBe(6);
    expect(step(core, { type: 'disk-done', index: 10 }).committed).toMatchObject([{ index: 10 }]);
    expect(core.commitIndex).toBe(10);
  });

  test('acknowledges in order, and only what is durable', () => {
    const core = createCore(start);
    step(core, { type: 'tick' });
    const output = step(core, { type: 'propose', proposals: [proposal(1), proposal(2)] });
    expect(output.accepted).toEqual([
      { key: 1, index: 11 },
      { key: 2, index: 12 },
    ]);
    expect(step(core, { type: 'disk-done', index: 11 }).committed.map((entry) => entry.index)).toEqual([
      10, 11,
    ]);
    expect(step(core, { type: 'disk-done', index: 11 }).committed).toEqual([]);
    expect(step(core, { type: 'disk-done', index: 12 }).committed.map((entry) => entry.index)).toEqual([12]);
  });

  test('takes back what the disk refused, and gives its index to the next', () => {
    const core = createCore(start);
    step(core, { type: 'tick' });
    step(core, { type: 'disk-done', index: 10 });
    step(core, { type: 'propose', proposals: [proposal(1)] });
    step(core, { type: 'disk-refused', index: 11 });
    expect([core.lastIndex, core.lastTerm, core.role]).toEqual([10, 5, 'leader']);
    expect(step(core, { type: 'propose', proposals: [proposal(2)] }).accepted).toEqual([
      { key: 2, index: 11 },
    ]);
  });

  test('that could not open its term does not lead, and tries again in a later one', () => {
    const core = createCore(start);
    step(core, { type: 'tick' });
    step(core, { type: 'disk-refused', index: 10 });
    expect([core.role, core.lastIndex, core.lastTerm]).toEqual(['follower', 9, 4]);
    expect(step(core, { type: 'propose', proposals: [proposal(1)] }).refused).toEqual([
      { key: 1, reason: 'not-leader' },
    ]);
    expect(step(core, { type: 'tick' }).append).toMatchObject([{ index: 10, term: 6 }]);
  });
});

test('one of several voters does not lead by itself', () => {
  const core = createCore({ ...start, voters: ['a', 'b', 'c'] });
  expect(step(core, { type: 'tick' }).append).toEqual([]);
  expect(core.role).toBe('follower');
});
