/** Whether a text is an IPv4 or IPv6 address. */
import { parseIpv4 } from '@orc/model';

const isIpv4 = (text: string): boolean => parseIpv4(text) !== undefined;

export const isIpv6 = (text: string): boolean =>
  text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]`);

export const isAddress = (text: string): boolean => isIpv4(text) || isIpv6(text);
