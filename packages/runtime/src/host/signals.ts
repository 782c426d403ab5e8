/** Names of signals, with or without `SIG`, or their numbers. */
import { constants } from 'node:os';
import { fail } from '@orc/model';

const SIGNAL_MAX = 64;
const RTMIN = 34;

/** Throws `input.invalid`. */
export function signalNumber(name: string): number {
  if (/^[0-9]{1,2}$/.test(name) && Number(name) >= 1 && Number(name) <= SIGNAL_MAX) return Number(name);
  const plain = name.toUpperCase().replace(/^SIG/, '');
  const known = constants.signals[`SIG${plain}` as NodeJS.Signals];
  const realtime = /^RTMIN\+([0-9]{1,2})$/.exec(plain)?.[1];
  const number = known ?? (realtime === undefined ? undefined : RTMIN + Number(realtime));
  if (number !== undefined && number <= SIGNAL_MAX) return number;
  throw fail('input.invalid', `unknown signal ${JSON.stringify(name)}`, {
    hint: 'such as SIGTERM, TERM or 15',
  });
}

export const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, each]) => each === number)?.[0] ?? `SIG${number}`;
