/** What is wrong with values that people write of containers, in words: said by whoever is given them first. */
import { parseIpv4 } from './address.ts';

export type Fault = { readonly message: string; readonly hint: string };

export const isIpv6 = (text: string): boolean =>
  text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]`);

export const isIpAddress = (text: string): boolean => parseIpv4(text) !== undefined || isIpv6(text);

/** The lowest bit of the first byte means a group: no card has such an address, nor one of zeros (IEEE 802). */
export function macFault(text: string): Fault | undefined {
  const hint = 'such as 02:42:ac:11:00:02';
  if (!/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text))
    return { message: `"${text}" is not a MAC address`, hint };
  if (Number.parseInt(text.slice(0, 2), 16) % 2 === 1)
    return { message: `the MAC address ${text} is that of a group, which no container can have`, hint };
  return /^[0:]+$/.test(text) ? { message: `the MAC address ${text} is nobody's`, hint } : undefined;
}

/** What a name of /etc/hosts may stand for. */
export const hostAddressFault = (name: string, address: string): Fault | undefined =>
  address === 'host-gateway' || isIpAddress(address)
    ? undefined
    : {
        message: `"${address}" is not an address for ${name}`,
        hint: `such as ${name}=10.0.0.5, or ${name}=host-gateway`,
      };

const LIST = /^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/;

/** As cpuset(7) has lists: `0-2,5`. */
export const isNumberList = (text: string): boolean =>
  LIST.test(text) && rangesOf(text).every(([first, last]) => first <= last);

/** Those of `wanted` that are not in `there`, both lists: ranges with both ends. */
export const missingOf = (wanted: string, there: string): readonly (readonly [number, number])[] =>
  rangesOf(wanted).filter(
    ([first, last]) => !rangesOf(there).some(([from, to]) => from <= first && last <= to),
  );

const rangesOf = (list: string): readonly (readonly [number, number])[] =>
  list.split(',').map((part) => {
    const [first = '', last = first] = part.split('-');
    return [Number(first), Number(last)];
  });
