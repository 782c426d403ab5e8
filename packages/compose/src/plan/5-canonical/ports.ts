/** `ports`: `[[ip:]published:]target[/protocol]` with ranges, to one long form per container port. */
import { isIpAddress } from '@orc/model';
import { LIMITS } from '../../limits.ts';
import { report, warn } from '../loading.ts';
import { type Node, type Path, type SeqNode, get, mapAt, scalar, textOf, withEntries } from '../node.ts';
import type { FormContext } from './canonical.ts';
import { int } from './scalars.ts';

export function ports(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'seq') return node;
  const items: Node[] = [];
  for (const [index, item] of node.items.entries()) {
    const at = [...path, index];
    if (item.kind === 'scalar') for (const each of shortForm(context, item, at)) items.push(each);
    else items.push(longForm(context, item, at));
    if (items.length > LIMITS.portsMax) return tooMany(context, node, path);
  }
  return { ...node, items };
}

function tooMany(context: FormContext, node: SeqNode, path: Path): Node {
  report(context.loading, 'compose.schema', node, `${path.join('.')}: more than ${LIMITS.portsMax} ports`, {
    hint: 'publish fewer, or use network_mode: host',
  });
  return { ...node, items: [] };
}

const SYNTAX =
  'write [[host-ip:]host-port:]container-port[/protocol], such as "8080:80" or "127.0.0.1:53:53/udp"';

function refuse(context: FormContext, node: Node, path: Path, what: string): readonly Node[] {
  report(context.loading, 'compose.schema', node, `${path.join('.')}: ${what}`, { hint: SYNTAX });
  return [];
}

type Range = { readonly from: number; readonly to: number };

const SHORT = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(?:([^:[\]]*):)?([^:/[\]]+)(?:\/(\w+))?$/;

function shortForm(context: FormContext, node: Node, path: Path): readonly Node[] {
  const written = textOf(node) ?? '';
  if (isBase60(node, written)) warnOfBase60(context, node, path, written);
  if (!context.loading.interpolate && written.includes('$')) return [node];
  const found = SHORT.exec(written);
  if (found === null) return refuse(context, node, path, `invalid port "${written}"`);
  const [, bracketed, first, second, container = '', protocol = 'tcp'] = found;
  const hostIp = second === undefined && bracketed === undefined ? undefined : (bracketed ?? first);
  const published = second ?? (bracketed === undefined ? first : undefined);
  if (hostIp !== undefined && hostIp !== '' && !isIpAddress(hostIp)) {
    return refuse(context, node, path, `invalid IP address: ${hostIp}`);
  }
  const target = rangeOf(container);
  const host = published === undefined || published === '' ? undefined : rangeOf(published);
  if (target === null) return refuse(context, node, path, `invalid container port "${container}"`);
  if (host === null) return refuse(context, node, path, `invalid host port "${published}"`);
  return layOut(context, node, path, {
    hostIp: hostIp || undefined,
    host,
    target,
    protocol: protocol.toLowerCase(),
  });
}

/** To readers of YAML 1.1 a plain `22:22` is the number 1342. */
const isBase60 = (node: Node, written: string): boolean =>
  /^[1-9]\d*:[0-5]?\d$/.test(written) &&
  node.place.source.text.slice(node.place.start, node.place.end) === written;

function warnOfBase60(context: FormContext, node: Node, path: Path, written: string): void {
  const [host = '', port = ''] = written.split(':');
  warn(
    context.loading,
    'compose.syntax',
    node,
    `${path.join('.')}: other readers of YAML take ${written} for the number ${Number(host) * 60 + Number(port)}`,
    `quote it: "${written}"`,
  );
}

type Mapping = {
  readonly hostIp: string | undefined;
  readonly host: Range | undefined;
  readonly target: Range;
  readonly protocol: string;
};

function layOut(context: FormContext, node: Node, path: Path, mapping: Mapping): readonly Node[] {
  const { host, target } = mapping;
  const count = target.to - target.from + 1;
  if (host !== undefined && count > 1 && host.to - host.from + 1 !== count) {
    const ranges = `${show(host)} and ${show(target)}`;
    return refuse(context, node, path, `the ranges of host and container ports differ in length: ${ranges}`);
  }
  if (count > LIMITS.portsMax) return refuse(context, node, path, 'too many ports');
  return Array.from({ length: count }, (_, index) => {
    const published = host === undefined ? undefined : count === 1 ? show(host) : String(host.from + index);
    return mapAt(node.place, {
      mode: 'ingress',
      host_ip: mapping.hostIp,
      target: target.from + index,
      published,
      protocol: mapping.protocol,
    });
  });
}

const show = (range: Range): string =>
  range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`;

/** `80` or `80-90`; null when it is neither. */
export function rangeOf(written: string): Range | null {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(written);
  if (found === null) return null;
  const from = Number(found[1]);
  const to = found[2] === undefined ? from : Number(found[2]);
  return to < from || to > 65_535 ? null : { from, to };
}

function longForm(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'map') return node;
  const hostIp = textOf(get(node, 'host_ip'));
  if (hostIp !== undefined && hostIp !== '' && !isIpAddress(hostIp) && context.loading.interpolate) {
    refuse(context, get(node, 'host_ip') ?? node, [...path, 'host_ip'], `invalid IP address: ${hostIp}`);
  }
  const published = get(node, 'published');
  const target = get(node, 'target');
  const text = textOf(published);
  if (text !== undefined && text !== '' && rangeOf(text) === null && context.loading.interpolate) {
    refuse(context, published ?? node, [...path, 'published'], `invalid host port "${text}"`);
  }
  if (target === undefined) refuse(context, node, path, 'needs "target", the port of the container');
  return withEntries(node, {
    target: target === undefined ? undefined : int(context, target, [...path, 'target']),
    published:
      published === undefined || text === undefined || text === ''
        ? undefined
        : scalar(text, published.place),
  });
}
