import { expect, test } from 'vitest';
import { hearing } from '../src/host/ruleset.ts';
import { concerns } from '../src/plan/firewall.ts';

test.each([
  ['table 1 orc-3fa9c1', true],
  ['table 2 filter', true],
  ['table 1 firewalld', true],
  ['table 1 orc-other', true],
  ['table 2 orc-bb1170', true],
  ['table 1 orc-bb1170', false],
  ['table 1 orc-bb1170-kept', false],
  ['table 1 orc', false],
])('%s: looked at %s', (line, wanted) => {
  expect(concerns(line, 'orc-3fa9c1')).toBe(wanted);
});

const [OWN, FOREIGN] = ['by 7', 'by 8'];
test.each([
  [['table 2 filter', FOREIGN], 1],
  [['table 1 orc-3fa9c1', FOREIGN], 1],
  [['table 1 orc-3fa9c1', OWN], 0],
  [['table 1 orc-bb1170', FOREIGN], 0],
  [['table 1 orc-bb1170', 'table 2 filter', 'table 1 orc-bb1170', FOREIGN], 1],
  [['table 2 filter', FOREIGN, 'table 1 orc-bb1170', FOREIGN], 1],
  [['gap', 'table 1 orc-3fa9c1', OWN], 1],
  [['table 2 filter', 'gap', OWN], 1],
  [[FOREIGN], 0],
])('%j is told %i times', (lines, times) => {
  let told = 0;
  const hear = hearing(
    'orc-3fa9c1',
    () => {
      told += 1;
    },
    (pid) => pid === 7,
  );
  for (const line of lines) hear(line);
  expect(told).toBe(times);
});
