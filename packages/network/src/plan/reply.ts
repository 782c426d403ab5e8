/** DNS messages from answers (RFC 1035; RFC 6891 for the size that an asker takes). */
import {
  AUTHORITATIVE_ANSWER,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type Answer as Row,
  type Packet,
} from 'dns-packet';
import { LIMITS } from '../limits.ts';
import type { Answer } from './names.ts';

export const rcodes = { formatError: 1, serverFailure: 2, noSuchName: 3 } as const;

export function reply(query: Packet, answer: Answer): Packet {
  const code = answer.kind === 'nxdomain' ? rcodes.noSuchName : 0;
  return { ...failure(query, code | AUTHORITATIVE_ANSWER), answers: rowsOf(query, answer) };
}

/** No answers; `flags` holds the response code. */
export function failure(query: Packet, flags: number): Packet {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED;
  const options = hasOptions(query)
    ? [{ type: 'OPT', name: '.', udpPayloadSize: LIMITS.dnsMessageMax, flags: 0, options: [] }]
    : [];
  return {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: flags | desired | RECURSION_AVAILABLE,
    questions: query.questions ?? [],
    additionals: options as unknown as Row[],
  };
}

/** Bytes that the asker takes in one UDP answer. */
export function sizeLimit(query: Packet): number {
  const option = query.additionals?.find((each) => each.type === 'OPT') as
    | { udpPayloadSize?: number }
    | undefined;
  const asked = option?.udpPayloadSize ?? LIMITS.dnsUdpAnswerMax;
  return Math.min(Math.max(asked, LIMITS.dnsUdpAnswerMax), LIMITS.dnsMessageMax);
}

/** As many answers as fit; when some do not, it says so, and the asker comes again by TCP. */
export function cut(packet: Packet, limit: number): Buffer {
  const whole = encode(packet);
  if (whole.length <= limit) return whole;
  const answers = packet.answers ?? [];
  const kept = Math.floor((answers.length * limit) / whole.length / 2);
  return encode({
    ...packet,
    flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE,
    answers: answers.slice(0, kept),
  });
}

const hasOptions = (query: Packet): boolean =>
  query.additionals?.some((each) => each.type === 'OPT') === true;

function rowsOf(query: Packet, answer: Answer): Row[] {
  const name = query.questions?.[0]?.name ?? '';
  const ttl = LIMITS.dnsTtlSeconds;
  if (answer.kind === 'pointer') return [{ type: 'PTR', name, ttl, data: answer.name }];
  if (answer.kind !== 'addresses') return [];
  return answer.addresses
    .slice(0, LIMITS.dnsAnswersMax)
    .map((data): Row => ({ type: data.includes(':') ? 'AAAA' : 'A', name, ttl, data }));
}
