/** Kernel operations in words, one per line: read back from the bytes, so that the text shows what is really sent. */
import { formatIpv4, type KernelOp } from '@orc/model';
import { BRPORT_MODE, IFA, IFLA, INFO, RTA, RTM, TCA } from './netlink.ts';

export function explain(ops: readonly KernelOp[]): string {
  return ops.flatMap((op) => explainOp(op)).join('\n');
}

function explainOp(op: KernelOp): string[] {
  switch (op.op) {
    case 'netns':
    case 'netns-remove':
      return [`${op.op} ${op.path}`];
    case 'sysctl':
      return [`sysctl ${op.key}=${op.value}${where(op)}`];
    case 'netlink':
      return explainMessages(op.messages, op.namespaceFds ?? []).map((line) => `${line}${where(op)}`);
  }
}

const where = (op: { readonly namespace?: string; readonly tolerate?: readonly number[] }): string =>
  (op.namespace === undefined ? '' : ` in ${op.namespace}`) +
  (op.tolerate === undefined ? '' : ` tolerating ${op.tolerate.join(',')}`);

type Fd = { readonly offset: number; readonly path: string };
type Attribute = { readonly type: number; readonly payload: DataView; readonly offset: number };
const NAMES = new Map<number, string>(Object.entries(RTM).map(([name, type]) => [type, name]));

function explainMessages(bytes: Uint8Array, fds: readonly Fd[]): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < view.byteLength; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true);
    const body = new DataView(view.buffer, view.byteOffset + at + 16, view.getUint32(at, true) - 16);
    lines.push(`${NAMES.get(type) ?? type} ${explainBody(type, body, at + 16, fds).join(' ')}`);
  }
  return lines;
}

function explainBody(type: number, body: DataView, base: number, fds: readonly Fd[]): string[] {
  if (type === RTM.newaddr) return explainAddress(body, base);
  if (type === RTM.newroute) return explainRoute(attributesOf(body, 12, base), body.getUint8(1));
  if (TRAFFIC.includes(type)) return explainTraffic(body, base);
  return explainLink(body, base, fds);
}

const TRAFFIC: readonly number[] = [RTM.newqdisc, RTM.newtfilter, RTM.deltfilter];

function explainTraffic(body: DataView, base: number): string[] {
  const attributes = attributesOf(body, 20, base);
  const kind = attributes.find((each) => each.type === TCA.kind);
  const options = attributes.find((each) => each.type === TCA.options);
  const program = options && attributesOf(options.payload, 0, options.offset).find(isProgram);
  return [
    ...(kind === undefined ? [] : [textOf(kind.payload)]),
    `on #${body.getInt32(4, true)}`,
    ...(program === undefined ? [] : [explainProgram(program.payload)]),
  ];
}

const isProgram = ({ type }: Attribute): boolean => type === TCA.bpfOps;

/** As tc(8) prints a program, with the operands in hex. */
function explainProgram(payload: DataView): string {
  const starts = Array.from({ length: payload.byteLength / 8 }, (_, at) => 8 * at);
  const instructions = starts.map((at) => {
    const [code, yes, no] = [payload.getUint16(at, true), payload.getUint8(at + 2), payload.getUint8(at + 3)];
    return `${code} ${yes} ${no} ${payload.getUint32(at + 4, true).toString(16)}`;
  });
  return instructions.join(', ');
}

function explainLink(body: DataView, base: number, fds: readonly Fd[]): string[] {
  const index = body.getInt32(4, true);
  const up = (body.getUint32(12, true) & body.getUint32(8, true) & 1) === 1;
  return [
    ...(index === 0 ? [] : [`#${index}`]),
    ...attributesOf(body, 16, base).map((each) => explainLinkAttribute(each, fds)),
    ...(up ? ['up'] : []),
  ];
}

function explainLinkAttribute(each: Attribute, fds: readonly Fd[]): string {
  switch (each.type) {
    case IFLA.ifname:
      return `name ${textOf(each.payload)}`;
    case IFLA.address:
      return `mac ${macOf(each.payload)}`;
    case IFLA.mtu:
      return `mtu ${each.payload.getUint32(0, true)}`;
    case IFLA.master:
      return `master #${each.payload.getUint32(0, true)}`;
    case IFLA.netNsFd:
      return `namespace ${fds.find((fd) => fd.offset === each.offset)?.path ?? '?'}`;
    case IFLA.linkinfo:
      return explainKind(each, fds);
    default:
      return `attribute ${each.type}`;
  }
}

function explainKind(linkinfo: Attribute, fds: readonly Fd[]): string {
  const [kind, data] = attributesOf(linkinfo.payload, 0, linkinfo.offset);
  const name = kind === undefined ? '?' : textOf(kind.payload);
  if (data === undefined) return name;
  if (data.type === INFO.slaveData)
    return `${name} port ${attributesOf(data.payload, 0, data.offset).map(explainPort).join(' ')}`;
  const inner = attributesOf(data.payload, 0, data.offset);
  if (name !== 'veth') return [name, ...inner.map((each) => explainBridge(each))].join(' ');
  const peer = inner[0];
  return peer === undefined
    ? name
    : `${name} peer (${explainLink(peer.payload, peer.offset, fds).join(' ')})`;
}

function explainBridge(each: Attribute): string {
  const names = new Map<number, string>([
    [INFO.nfCallIptables, 'nf_call_iptables'],
    [INFO.nfCallIp6tables, 'nf_call_ip6tables'],
  ]);
  return `${names.get(each.type) ?? each.type} ${each.payload.getUint8(0)}`;
}

const explainPort = (each: Attribute): string =>
  `${each.type === BRPORT_MODE ? 'hairpin' : each.type} ${each.payload.getUint8(0)}`;

function explainAddress(body: DataView, base: number): string[] {
  const attributes = attributesOf(body, 8, base);
  const of = (type: number): string => {
    const found = attributes.find((each) => each.type === type);
    return found === undefined ? '-' : formatIpv4(found.payload.getUint32(0, false));
  };
  return [
    `${of(IFA.local)}/${body.getUint8(1)}`,
    `broadcast ${of(IFA.broadcast)}`,
    `on #${body.getUint32(4, true)}`,
  ];
}

function explainRoute(attributes: readonly Attribute[], prefixLength: number): string[] {
  const words = attributes.map(({ type, payload }) => {
    if (type === RTA.oif) return `on #${payload.getUint32(0, true)}`;
    const address = formatIpv4(payload.getUint32(0, false));
    return type === RTA.gateway ? `via ${address}` : `${address}/${prefixLength}`;
  });
  return prefixLength === 0 ? ['default', ...words] : words;
}

/** `base`: where `body` begins in the whole buffer, so that an attribute knows the offset of its payload there. */
function attributesOf(body: DataView, from: number, base: number): Attribute[] {
  const out: Attribute[] = [];
  for (let at = from; at + 4 <= body.byteLength; ) {
    const length = body.getUint16(at, true);
    const payload = new DataView(body.buffer, body.byteOffset + at + 4, length - 4);
    out.push({ type: body.getUint16(at + 2, true), payload, offset: base + at + 4 });
    at += (length + 3) & ~3;
  }
  return out;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const textOf = (view: DataView): string => new TextDecoder().decode(bytesOf(view).subarray(0, -1));
const macOf = (view: DataView): string =>
  [...bytesOf(view)].map((each) => each.toString(16).padStart(2, '0')).join(':');
