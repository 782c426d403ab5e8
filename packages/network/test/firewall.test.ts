import { expect, test } from 'vitest';
import { concerns } from '../src/plan/firewall.ts';

test.each([
  ['table 1 orc-3fa9c1', true],
  ['table 2 filter', true],
  ['table 1 firewalld', true],
  ['table 1 orc-other', true],
  ['table 2 orc-bb1170', true],
  ['gap', true],
  ['table 1 orc-bb1170', false],
  ['table 1 orc-bb1170-kept', false],
  ['table 1 orc', false],
])('%s: looked at %s', (line, wanted) => {
  expect(concerns(line, 'orc-3fa9c1')).toBe(wanted);
});
