/** The resolvers of this host, for names that are not containers'. */
import { readFileSync } from 'node:fs';
import type { Clock } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { parseResolvConf } from '../plan/etc.ts';

export type Resolvers = {
  /** The container's own choice, else the host's; never our own gateways, which would ask in a circle. */
  readonly of: (asked: readonly string[] | undefined, own: readonly string[]) => readonly string[];
  readonly text: () => string;
};

export function openResolvers(clock: Clock): Resolvers {
  let cached: { readonly text: string; readonly servers: readonly string[]; readonly at: number } | undefined;
  const current = (): { readonly text: string; readonly servers: readonly string[] } => {
    if (cached !== undefined && clock.monotonic() - cached.at < LIMITS.resolvConfAgeMs) return cached;
    const text = readText('/etc/resolv.conf');
    cached = { text, servers: parseResolvConf(text).servers, at: clock.monotonic() };
    return cached;
  };
  return {
    of: (asked, own) =>
      (asked === undefined || asked.length === 0 ? current().servers : asked).filter(
        (each) => !own.includes(each),
      ),
    text: () => current().text,
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
