/** The program of a guard, run instruction by instruction on frames, against the rule in words. */
import { formatIpv4 } from '@orc/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { senderProgram, type Instruction } from '../src/plan/guard.ts';
import { arp, BROADCAST, ETHERTYPE, ethernet, ipv4, macFrom } from './frames.ts';

const PASS = 0xffffffff;
const DROP = 2;
const TOO_SHORT = 0;
const own = { mac: '02:42:0a:4d:12:10', ip: '10.77.18.16' };
const second = '10.77.19.16';
const other = { mac: '02:42:0a:4d:12:11', ip: '10.77.18.17' };
const program = senderProgram({ mac: own.mac, addresses: [own.ip, second] });

describe('a container may send', () => {
  const frames: readonly (readonly [string, Buffer])[] = [
    ['IPv4 from its address', ethernet(other.mac, own.mac, ETHERTYPE.ipv4, ipv4(own.ip, other.ip, ''))],
    ['IPv4 from its other address', ethernet(other.mac, own.mac, ETHERTYPE.ipv4, ipv4(second, other.ip, ''))],
    ['IPv4 without an address', ethernet(BROADCAST, own.mac, ETHERTYPE.ipv4, ipv4('0.0.0.0', other.ip, ''))],
    ['a question', ethernet(BROADCAST, own.mac, ETHERTYPE.arp, arp(1, own, { ...other, mac: BROADCAST }))],
    ['an answer', ethernet(other.mac, own.mac, ETHERTYPE.arp, arp(2, own, other))],
    ['a probe', ethernet(BROADCAST, own.mac, ETHERTYPE.arp, arp(1, { ...own, ip: '0.0.0.0' }, own))],
    ['IPv6', ethernet(other.mac, own.mac, ETHERTYPE.ipv6, new Uint8Array(40))],
  ];
  test.each(frames)('%s', (_name, frame) => {
    expect(run(program, frame)).toBe(PASS);
  });
});

describe('a container may not send', () => {
  const forged = { mac: own.mac, ip: other.ip };
  const frames: readonly (readonly [string, Buffer])[] = [
    ['from another MAC', ethernet(own.mac, other.mac, ETHERTYPE.ipv4, ipv4(own.ip, other.ip, ''))],
    ['IPv6 from another MAC', ethernet(own.mac, other.mac, ETHERTYPE.ipv6, new Uint8Array(40))],
    ['IPv4 of another', ethernet(own.mac, own.mac, ETHERTYPE.ipv4, ipv4(other.ip, own.ip, ''))],
    ['an answer for another', ethernet(own.mac, own.mac, ETHERTYPE.arp, arp(2, forged, own))],
    ['a question as another', ethernet(BROADCAST, own.mac, ETHERTYPE.arp, arp(1, forged, own))],
    [
      'an answer with a MAC of another',
      ethernet(own.mac, own.mac, ETHERTYPE.arp, arp(2, { ...own, mac: other.mac }, own)),
    ],
    [
      'IPv4 behind a second tag',
      ethernet(other.mac, own.mac, ETHERTYPE.ipv4, ipv4(other.ip, own.ip, ''), [0]),
    ],
  ];
  test.each(frames)('%s', (_name, frame) => {
    expect(run(program, frame)).toBe(DROP);
  });
});

const mac = fc.oneof(
  fc.constant(own.mac),
  fc.integer({ min: 0, max: 2 ** 48 - 1 }).map(macFrom),
  fc.nat(5).map((at) => macFrom(Number.parseInt(own.mac.replaceAll(':', ''), 16) ^ ((1 << (4 * at)) >>> 0))),
);
const ip = fc.oneof(
  fc.constantFrom(own.ip, second, '0.0.0.0'),
  fc.integer({ min: 0, max: 0xffffffff }).map(formatIpv4),
);

test('never in the name of another, always in its own, whatever the frame', () => {
  const mine = [own.ip, second, '0.0.0.0'];
  fc.assert(
    fc.property(mac, mac, ip, fc.boolean(), (from, sender, address, isArp) => {
      const frame = isArp
        ? ethernet(BROADCAST, from, ETHERTYPE.arp, arp(2, { mac: sender, ip: address }, other))
        : ethernet(BROADCAST, from, ETHERTYPE.ipv4, ipv4(address, other.ip, 'x'));
      const honest = from === own.mac && mine.includes(address) && (!isArp || sender === own.mac);
      expect(run(program, frame)).toBe(honest ? PASS : DROP);
    }),
  );
});

test('a frame that ends before the sender is told is nobody’s', () => {
  const frame = ethernet(other.mac, own.mac, ETHERTYPE.ipv4, ipv4(other.ip, own.ip, '')).subarray(0, 28);
  expect(run(program, frame)).toBe(TOO_SHORT);
});

test('without an address of its own it has none to send from', () => {
  const bare = senderProgram({ mac: own.mac, addresses: [] });
  expect(run(bare, ethernet(other.mac, own.mac, ETHERTYPE.ipv4, ipv4(own.ip, other.ip, '')))).toBe(DROP);
});

/** What of classic BPF the program uses: two loads, a jump, a comparison, a result. */
function run(instructions: readonly Instruction[], frame: Buffer): number {
  let accumulator = 0;
  for (let at = 0; at < instructions.length; at += 1) {
    const [code, yes, no, operand] = instructions[at] as Instruction;
    if (code === 0x06) return operand;
    if (code === 0x05) at += operand;
    else if (code === 0x15) at += accumulator === operand ? yes : no;
    else {
      const size = code === 0x28 ? 2 : 4;
      if (operand + size > frame.length) return TOO_SHORT;
      accumulator = frame.readUIntBE(operand, size);
    }
  }
  throw new Error('the program has no end');
}
