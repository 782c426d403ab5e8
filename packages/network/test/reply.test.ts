import { decode, encode, type Packet } from 'dns-packet';
import { expect, test } from 'vitest';
import { cut, failure, rcodes, reply, sizeLimit } from '../src/plan/reply.ts';

const query = (more: Partial<Packet> = {}): Packet =>
  decode(encode({ type: 'query', id: 77, flags: 256, questions: [{ type: 'A', name: 'Web' }], ...more }));
const addresses = (count: number): { kind: 'addresses'; addresses: string[] } => ({
  kind: 'addresses',
  addresses: Array.from({ length: count }, (_, at) => `10.0.0.${at}`),
});
const parsed = (buffer: Buffer): Packet & { rcode: string } => decode(buffer) as never;

test('answers carry the id, the question as it was asked, and a short life', () => {
  const said = parsed(cut(reply(query(), addresses(2)), 512));
  expect(said).toMatchObject({
    id: 77,
    type: 'response',
    rcode: 'NOERROR',
    flag_aa: true,
    flag_ra: true,
    flag_rd: true,
  });
  expect(said.questions?.[0]?.name).toBe('Web');
  expect(said.answers?.map((each) => [each.name, (each as { ttl: number }).ttl])).toEqual([
    ['Web', 1],
    ['Web', 1],
  ]);
});

test('a name that is not there, and a question that cannot be answered, are told apart', () => {
  expect(parsed(encode(reply(query(), { kind: 'nxdomain' }))).rcode).toBe('NXDOMAIN');
  expect(parsed(encode(reply(query(), { kind: 'empty' })))).toMatchObject({ rcode: 'NOERROR', answers: [] });
  expect(parsed(encode(failure(query(), rcodes.serverFailure))).rcode).toBe('SERVFAIL');
});

test('an answer fits what the asker takes, and says when it was cut', () => {
  const edns = query({
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] } as never],
  });
  expect(sizeLimit(query())).toBe(512);
  expect(sizeLimit(edns)).toBe(1232);
  const short = cut(reply(query(), addresses(60)), 512);
  expect(short.length).toBeLessThanOrEqual(512);
  expect(parsed(short)).toMatchObject({ flag_tc: true });
  expect(parsed(short).answers?.length).toBeGreaterThan(0);
  expect(parsed(cut(reply(edns, addresses(60)), 1232))).toMatchObject({ flag_tc: false });
  expect(parsed(cut(reply(edns, addresses(60)), 1232)).additionals?.[0]?.type).toBe('OPT');
});
