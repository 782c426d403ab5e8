/** `-p [[ip:]hostPort:]containerPort[/protocol]`, each port a number or a range. */
import { type PortBinding, fail, parseIpv4 } from '@orc/model';

const PUBLISH = /^(?:(\[[^\]]*\]|[^:[\]]*):)?(?:(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/;

export function parsePublish(word: string): readonly PortBinding[] {
  const [, first, second, inside = '', protocol = 'tcp'] = PUBLISH.exec(word) ?? malformed(word);
  // With one colon the first part is a port, not an address.
  const isPort = second === undefined && first !== undefined && /^\d*(-\d+)?$/.test(first);
  const ip = isPort ? undefined : first?.replace(/^\[(.*)\]$/, '$1');
  if (ip && parseIpv4(ip) === undefined && !ip.includes(':')) return malformed(word);
  const containerPorts = range(word, inside);
  const hostPorts = hostRange(word, isPort ? first : second, containerPorts.length);
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw fail('usage.invalid', `--publish ${word} has the protocol ${protocol}`, { hint: 'use tcp or udp' });
  return containerPorts.map((containerPort, index) => ({
    containerPort,
    protocol,
    ...(ip === undefined || ip === '' ? {} : { hostIp: ip }),
    ...(hostPorts[index] === undefined ? {} : { hostPort: hostPorts[index] }),
  }));
}

function hostRange(word: string, value: string | undefined, count: number): readonly number[] {
  if (value === undefined || value === '') return [];
  const ports = range(word, value);
  if (ports.length !== count)
    throw fail('usage.invalid', `--publish ${word} has ranges of different lengths`, {
      hint: 'write 8000-8002:80-82',
    });
  return ports;
}

/** `80`, `80/udp`, `80-82/tcp` to `80/tcp`s. */
export function parseExpose(word: string): readonly string[] {
  const [, ports, protocol = 'tcp'] = /^(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/.exec(word) ?? malformed(word);
  return range(word, ports as string).map((port) => `${port}/${protocol}`);
}

function range(word: string, text: string): readonly number[] {
  const [from = 0, to = from] = text.split('-').map(Number);
  if (from < 1 || to > 65_535 || to < from) return malformed(word);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function malformed(word: string): never {
  throw fail('usage.invalid', `the port ${word} is malformed`, {
    hint: 'write 8080:80, 127.0.0.1:8080:80/tcp or 80',
  });
}
