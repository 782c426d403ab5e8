import { fail, signalNumber as numberOf } from '@orc/model';

/** Of a name, with or without `SIG`, or a number. Throws `input.invalid`. */
export function signalNumber(name: string): number {
  const number = numberOf(name);
  if (number !== undefined) return number;
  throw fail('input.invalid', `unknown signal ${JSON.stringify(name)}`, {
    hint: 'such as SIGTERM, TERM or 15',
  });
}
