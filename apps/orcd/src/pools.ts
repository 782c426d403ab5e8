/** Where an instance begins to look for subnets. */

const PARTS = 16;
/** Where all of 10.0.0.0/8 is routed to a network of its own. */
const ELSEWHERE = ['172.16.0.0/12', '192.168.0.0/16'];

/**
 * Undefined: the pool of every host, from its beginning. Further instances of a host begin at a place of their own in
 * it, since two that choose at the same moment do not see each other's routes yet.
 */
export function poolsOf(instance: string): readonly string[] | undefined {
  const digits = /-([0-9a-f]{6})$/.exec(instance)?.[1];
  if (digits === undefined) return undefined;
  const first = Number.parseInt(digits, 16);
  const parts = Array.from({ length: PARTS }, (_, at) => `10.${128 + ((first + at) % PARTS) * 4}.0.0/14`);
  return [...parts, ...ELSEWHERE];
}
