/** Which host ports are to be held for the bindings of a container, and where their packets go. */
import { fail, type Endpoint, type OrcError, type PortBinding, type Protocol } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { PublishedPort } from './nft.ts';

/** `hostIp` is absent for every IPv4 address; an IPv6 one is served by a proxy and has no rule. */
export type HeldPort = {
  readonly protocol: Protocol;
  readonly hostIp?: string;
  readonly hostPort: number;
};

export const isIpv6 = (address: string | undefined): boolean => address?.includes(':') === true;
export const isAny = (address: string | undefined): boolean =>
  address === undefined || address === '' || address === '0.0.0.0';

/** The IPv4 address that published packets go to: the first network that lets any in. */
export function targetOf(
  endpoints: readonly Endpoint[],
  internal: (network: string) => boolean,
): string | undefined {
  return endpoints.find((each) => each.ipv4 !== undefined && !internal(each.network))?.ipv4;
}

export function ruleOf(binding: PortBinding, address: string): PublishedPort | undefined {
  if (binding.hostPort === undefined || isIpv6(binding.hostIp)) return undefined;
  const { protocol, hostPort, containerPort } = binding;
  const at = isAny(binding.hostIp) || binding.hostIp === undefined ? {} : { hostIp: binding.hostIp };
  return { protocol, ...at, hostPort, address, containerPort };
}

/** Ephemeral ports to try, in order: they begin anywhere and never repeat. `start` is between 0 and 1. */
export function ephemeralPorts(start: number): number[] {
  const count = LIMITS.ephemeralPortMax - LIMITS.ephemeralPortMin + 1;
  const first = Math.floor(start * count);
  return Array.from(
    { length: LIMITS.ephemeralTriesMax },
    (_, at) => LIMITS.ephemeralPortMin + ((first + at) % count),
  );
}

/** `holder`: the container that has it, when it is one of ours. */
export function portTaken(port: HeldPort, holder: string | undefined): OrcError {
  const where = port.hostIp === undefined ? '' : ` on ${port.hostIp}`;
  const flag = port.protocol === 'udp' ? '-lunp' : '-ltnp';
  const hint =
    holder === undefined
      ? `another program has it (\`ss ${flag} sport = :${port.hostPort}\`): stop it or take another port`
      : `container ${holder.slice(0, 12)} publishes it; stop that one or choose another host port`;
  return fail('conflict.port', `port ${port.hostPort}/${port.protocol}${where} is already allocated`, {
    hint,
  });
}

export const portRefused = (port: HeldPort, why: string): OrcError =>
  fail('network.failed', `port ${port.hostPort}/${port.protocol} cannot be held: ${why}`, {
    hint: `check that ${port.hostIp ?? 'the port'} belongs to this host`,
  });
