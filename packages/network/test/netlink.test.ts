/** Bytes against the kernel's headers, read by hand: `nlmsghdr`, then the family's header, then attributes. */
import { parseIpv4 } from '@orc/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain } from '../src/plan/explain.ts';
import { deleteLink, joinMessages, newAddress, newBridge, newVeth, setLink } from '../src/plan/netlink.ts';

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})/g, '$1 ')
    .trim();

test('a deletion by name: length, type 17, REQUEST|ACK, sequence; ifinfomsg of zeros; IFLA_IFNAME', () => {
  expect(hex(deleteLink('orc1').bytes)).toBe(
    '2c000000 11000500 00000000 00000000 00000000 00000000 00000000 00000000 09000300 6f726331 00000000',
  );
});

test('an address: type 20, CREATE|REPLACE; AF_INET /24 on link 5; local, address, broadcast in network order', () => {
  expect(hex(newAddress(5, parseIpv4('10.1.2.3') ?? 0, 24).bytes)).toBe(
    '30000000 14000505 00000000 00000000 02180000 05000000 08000200 0a010203 08000100 0a010203 08000400 0a0102ff',
  );
});

test('the descriptor of a namespace goes where IFLA_NET_NS_FD (28) has its payload, also behind other messages', () => {
  const veth = newVeth({
    host: { name: 'v0', index: 9 },
    peer: { name: 'eth0', index: 10 },
    namespace: '/run/ns/a',
    mtu: 1400,
  });
  const joined = joinMessages([deleteLink('x'), veth]);
  const offset = joined.namespaceFds[0]?.offset ?? 0;
  const view = new DataView(joined.bytes.buffer);
  expect(view.getUint16(offset - 4, true)).toBe(8);
  expect(view.getUint16(offset - 2, true)).toBe(28);
  expect(offset + 4).toBe(joined.bytes.length);
});

test('messages are numbered from 1 and their lengths add up', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,14}$/);
  const index = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const message = fc.oneof(
    name.map((each) => deleteLink(each)),
    fc.tuple(name, index).map(([each, at]) => newBridge({ name: each, index: at, mac: '02:00:00:00:00:01' })),
    index.map((at) => setLink({ index: at, up: true })),
    fc
      .tuple(name, index)
      .map(([each, at]) => newVeth({ host: { name: each, index: at }, peer: { name: 'eth0', index: at } })),
  );
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
      const { bytes } = joinMessages(messages);
      const view = new DataView(bytes.buffer);
      let at = 0;
      for (let sequence = 1; sequence <= messages.length; sequence += 1) {
        expect(view.getUint32(at, true) % 4).toBe(0);
        expect(view.getUint32(at + 8, true)).toBe(sequence);
        at += view.getUint32(at, true);
      }
      expect(at).toBe(bytes.length);
      expect(explain([{ op: 'netlink', messages: bytes }]).split('\n')).toHaveLength(messages.length);
    }),
  );
});
