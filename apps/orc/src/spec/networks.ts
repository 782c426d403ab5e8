/** `--network`, and what is said of its first with `--network-alias`, `--ip` and `--mac-address`. */
import { type NetworkAttachment, type NetworkMode, fail } from '@orc/model';
import type { Flags } from '../cli/command.ts';
import { compact } from './values.ts';

export function networkModeOf(flags: Flags): NetworkMode | undefined {
  const networks = flags.list('network');
  const [only] = networks;
  if (networks.length === 1 && (only === 'none' || only === 'host')) return { kind: only };
  if (networks.length === 1 && only?.startsWith('container:'))
    return { kind: 'container', container: only.slice('container:'.length) };
  const aliases = flags.list('network-alias');
  const first = {
    ...(aliases.length > 0 ? { aliases } : {}),
    ...compact({ ipv4: flags.text('ip'), mac: flags.text('mac-address') }),
  };
  if (networks.length === 0 && Object.keys(first).length === 0) return undefined;
  const words = networks.length === 0 ? ['bridge'] : networks;
  return {
    kind: 'networks',
    attachments: words.map((word, index) => ({ ...attachmentOf(word), ...(index === 0 ? first : {}) })),
  };
}

const USUAL = 'write name=back,alias=db,ip=10.0.0.5';

/** A name, or docker's long form. */
function attachmentOf(word: string): NetworkAttachment {
  if (!word.includes('=')) return { network: word };
  const fields: Record<string, string> = {};
  const aliases: string[] = [];
  for (const part of word.split(',')) {
    const at = part.indexOf('=');
    const [key, value] = [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1)];
    if (at < 1 || value === '')
      throw fail('usage.invalid', `--network ${word} is malformed`, { hint: USUAL });
    if (key === 'alias') aliases.push(value);
    else fields[checkedKey(word, key)] = value;
  }
  const { name, ip, 'mac-address': mac, 'gw-priority': priority } = fields;
  if (name === undefined) throw fail('usage.invalid', `--network ${word} has no name`, { hint: USUAL });
  if (priority !== undefined && !/^-?\d{1,9}$/.test(priority))
    throw fail('usage.invalid', `--network ${word}: gw-priority takes a whole number`, { hint: USUAL });
  return compact<NetworkAttachment>({
    network: name,
    aliases: aliases.length === 0 ? undefined : aliases,
    ipv4: ip,
    mac,
    gatewayPriority: priority === undefined ? undefined : Number(priority),
  });
}

const KEYS = ['name', 'ip', 'mac-address', 'gw-priority'];

function checkedKey(word: string, key: string): string {
  if (KEYS.includes(key)) return key;
  const known = ['driver-opt', 'link-local-ip', 'ip6'].includes(key);
  throw known
    ? fail('input.unsupported', `--network ${word}: ${key} is not offered`, { hint: 'leave it out' })
    : fail('usage.invalid', `--network ${word} has the unknown key ${key}`, { hint: USUAL });
}
