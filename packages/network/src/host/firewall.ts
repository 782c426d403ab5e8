import type { NetworkOptions } from '../types.ts';
import type { Rules } from './rules.ts';
export type Firewall = {
  readonly open: () => Promise<void>;
  readonly info: () => readonly string[];
  readonly close: () => void;
  readonly remove: () => Promise<void>;
};
export function openFirewall(_options: NetworkOptions, _rules: Rules): Firewall {
  return {
    open: async () => undefined,
    info: () => [],
    close: () => undefined,
    remove: async () => undefined,
  };
}
