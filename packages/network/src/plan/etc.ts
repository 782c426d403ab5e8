/** The three files of /etc that a container gets, as docker writes them. */
import type { Endpoint } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { SandboxRequest } from '../types.ts';

export type EtcFiles = { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };

const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** `hostResolvConf`: the host's own file, for its search domains and options. */
export function renderEtc(request: SandboxRequest, hostResolvConf: string): EtcFiles {
  return {
    hosts: renderHosts(request),
    hostname: `${request.hostname}\n`,
    resolvConf: renderResolvConf(request, hostResolvConf),
  };
}

function renderHosts(request: SandboxRequest): string {
  const extra = (request.extraHosts ?? []).map(
    (each) => `${resolveGateway(each.address, request)}\t${each.name}`,
  );
  const { hostname, name, domainname } = request;
  const names = [...(domainname === undefined ? [] : [`${hostname}.${domainname}`]), hostname, name];
  const own = request.endpoints
    .flatMap((each) => [each.ipv4, each.ipv6])
    .filter((address) => address !== undefined)
    .map((address) => `${address}\t${[...new Set(names)].join(' ')}`);
  return `${[...LOOPBACK, ...extra, ...own].join('\n')}\n`;
}

/** `host-gateway` is the host as the container sees it. */
function resolveGateway(address: string, request: SandboxRequest): string {
  if (address !== 'host-gateway') return address;
  return request.endpoints.find((each) => each.gateway !== undefined)?.gateway ?? '127.0.0.1';
}

function renderResolvConf(request: SandboxRequest, hostResolvConf: string): string {
  const host = parseResolvConf(hostResolvConf);
  const servers = serversOf(request.endpoints);
  const asked = request.dns ?? [];
  const used =
    servers.length > 0 ? servers : asked.length > 0 ? asked : request.none === true ? [] : host.servers;
  const search = request.dnsSearch ?? host.search;
  const options = request.dnsOptions ?? ['ndots:0'];
  return [
    ...used.slice(0, LIMITS.nameserversMax).map((each) => `nameserver ${each}\n`),
    ...(search.length === 0 || search[0] === '.' ? [] : [`search ${search.join(' ')}\n`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('');
}

/** Each network's gateway answers for all of them (DECISIONS 28). */
const serversOf = (endpoints: readonly Endpoint[]): string[] => [
  ...new Set(endpoints.map((each) => each.gateway).filter((each) => each !== undefined)),
];

export type ResolvConf = { readonly servers: readonly string[]; readonly search: readonly string[] };

/** resolv.conf(5): the last `search` or `domain` line wins. */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  );
  const servers = lines
    .filter(([key]) => key === 'nameserver')
    .flatMap(([, value]) => (value === undefined ? [] : [value]));
  const search = lines.findLast(([key]) => key === 'search' || key === 'domain')?.slice(1) ?? [];
  return { servers, search };
}
