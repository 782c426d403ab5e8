import { expect, test } from 'vitest';
import { concerns } from '../src/plan/firewall.ts';

test.each([
  ['delete table inet orc-3fa9c1', true],
  ['add rule ip filter FORWARD drop', true],
  ['add chain inet firewalld a { type filter hook input priority filter; policy drop; }', true],
  ['add table inet orc-other', true],
  ['a line that is not understood', true],
  ['delete table inet orc-bb1170', false],
  ['add element inet orc-bb1170 ports { tcp . 81 : 10.77.18.2 . 80 }', false],
  ['delete rule inet orc isolation handle 4', false],
])('%s: looked at %s', (line, wanted) => {
  expect(concerns(line, 'orc-3fa9c1')).toBe(wanted);
});
