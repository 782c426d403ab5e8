/** Values of a service that no host takes: names of images, capabilities and signals, too little memory. */
import {
  CAPABILITY_NAMES,
  containerNameFault,
  type Fault as ModelFault,
  hostAddressFault,
  isIpAddress,
  isNumberList,
  isSignal,
  macFault,
  nearestWord,
} from '@orc/model';
import { LIMITS } from '../../limits.ts';
import type { CheckName, ValueCheck } from '../attributes/checks.ts';
import { ATTRIBUTES } from '../attributes/table.ts';
import { type Loading, report } from '../loading.ts';
import { type MapNode, type Node, type Path, at, textOf } from '../node.ts';

type Fault = { readonly why: string; readonly hint: string };
type Check = (text: string) => Fault | undefined;

/** Of the services that are active: the others' may wait for variables that are set when they are wanted. */
export function checkValues(loading: Loading, services: MapNode): void {
  for (const [name, { value }] of services.entries)
    if (value.kind === 'map') checkService(loading, name, value);
}

function checkService(loading: Loading, name: string, service: MapNode): void {
  for (const [path, check] of OF_SERVICE)
    for (const [found, node] of matches(service, path))
      for (const each of node?.kind === 'seq' ? node.items : [node])
        checkValue(loading, ['services', name, ...found].join('.'), each, check);
}

type Found = readonly (readonly [Path, Node | undefined])[];

/** `*` is any key. */
function matches(service: MapNode, path: Path): Found {
  const star = path.indexOf('*');
  if (star < 0) return [[path, at(service, path)]];
  const above = at(service, path.slice(0, star));
  if (above?.kind !== 'map') return [];
  return [...above.entries.keys()].flatMap((key) =>
    matches(service, [...path.slice(0, star), key, ...path.slice(star + 1)]),
  );
}

function checkValue(loading: Loading, label: string, node: Node | undefined, check: Check): void {
  const text = textOf(node);
  if (node === undefined || text === undefined || text === '') return;
  if (!loading.interpolate && text.includes('$')) return;
  const fault = check(text);
  if (fault === undefined) return;
  report(loading, 'compose.schema', node, `${label}: ${fault.why}`, { hint: fault.hint });
}

const told = (fault: ModelFault | undefined): Fault | undefined =>
  fault && { why: fault.message, hint: fault.hint };

const containerName: Check = (text) => told(containerNameFault(text));
const macAddress: Check = (text) => told(macFault(text));

/** `name=address`; what has no address is told by its form. */
const hostEntry: Check = (text) => {
  const at = text.indexOf('=');
  return at < 1 ? undefined : told(hostAddressFault(text.slice(0, at), text.slice(at + 1)));
};

const processorList: Check = (text) =>
  isNumberList(text) ? undefined : { why: `"${text}" is not a list of processors`, hint: 'such as 0-2,5' };

/** As `distribution/reference` has it: a host only where the first part looks like one. */
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.|(?=[:/])))+(?::\d{1,5})?\/|^\[[0-9a-fA-F:]+\](?::\d{1,5})?\//;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /:(\w[\w.-]{0,127})$/;
const DIGEST = /@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

const imageName: Check = (text) => {
  const tagged = text.replace(DIGEST, '');
  const rest = tagged.replace(TAG, '');
  const [host = ''] = HOST.exec(rest) ?? [];
  const isHost = /[.:\]]/.test(host) || host === 'localhost/' || /[A-Z]/.test(host);
  const repository = isHost ? rest.slice(host.length) : rest;
  if (REPOSITORY.test(repository)) return undefined;
  const lower = repository.toLowerCase();
  const hint = REPOSITORY.test(lower)
    ? `names of images are in lower case: ${text.replace(repository, lower)}`
    : 'write [registry[:port]/]name[:tag][@digest], such as redis:7';
  return { why: `invalid reference format: "${text}"`, hint };
};

const capability: Check = (text) => {
  const name = text.toUpperCase().replace(/^CAP_/, '');
  if (name === 'ALL' || CAPABILITY_NAMES.includes(name)) return undefined;
  const meant = nearestWord(name, CAPABILITY_NAMES);
  const hint =
    meant === undefined ? 'see capabilities(7), such as NET_ADMIN, or ALL' : `did you mean "${meant}"?`;
  return { why: `unknown capability "${text}"`, hint };
};

/** As docker has it: with less, no program of today starts. */
const MEMORY_BYTES_MIN = 6 * 1024 * 1024;

const memoryMin: Check = (text) => {
  const bytes = Number(text);
  if (!(bytes > 0 && bytes < MEMORY_BYTES_MIN)) return undefined;
  return { why: `${bytes} bytes are less than the minimum of 6 MB`, hint: 'write 6m or more' };
};

const absolutePath: Check = (text) =>
  text.startsWith('/')
    ? undefined
    : {
        why: `the working directory "${text}" is invalid, it needs to be an absolute path`,
        hint: `such as /${text.replace(/^\.?\//, '')}`,
      };

const signal: Check = (text) =>
  isSignal(text) ? undefined : { why: `unknown signal "${text}"`, hint: 'such as SIGTERM, TERM or 15' };

const hostName: Check = (text) => {
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.hostNameBytesMax)
    return {
      why: `"${text.slice(0, 20)}…" has ${bytes} characters`,
      hint: `the kernel takes ${LIMITS.hostNameBytesMax} at most`,
    };
  return blanks(text, 'name of a host');
};

const blanks = (text: string, noun: string): Fault | undefined =>
  /\s/.test(text)
    ? { why: `${JSON.stringify(text)} is not a ${noun}`, hint: 'write it without blanks' }
    : undefined;

const nameServer: Check = (text) =>
  isIpAddress(text)
    ? undefined
    : { why: `"${text}" is not an address`, hint: 'name servers are given by address, such as 1.1.1.1' };

/** The line of resolv.conf is made of them. */
const searchDomain: Check = (text) => blanks(text, 'domain');
const resolverOption: Check = (text) => blanks(text, 'resolver option');

/** setuid takes no more without meaning -1. */
const ID_MAX = 2 ** 31 - 1;

/** Whether the image has a user of the name shows at the start. */
const user: Check = (text) => {
  const [name = '', ...groups] = text.split(':');
  const hint = 'write user or user:group, by name or number, such as 1000:1000';
  if (name === '' || groups.length > 1) return { why: `"${text}" is not a user`, hint };
  const large = [name, ...groups].find((each) => /^\d+$/.test(each) && Number(each) > ID_MAX);
  return large === undefined
    ? undefined
    : { why: `${large} is too large for an id`, hint: `the largest is ${ID_MAX}` };
};

const BY_NAME: Readonly<Record<ValueCheck, Check>> = {
  containerName,
  imageName,
  absolutePath,
  signal,
  hostName,
  user,
  nameServer,
  searchDomain,
  resolverOption,
  capability,
  memoryMin,
  macAddress,
  hostEntry,
  processorList,
};

const isValueCheck = (name: CheckName): name is ValueCheck => Object.hasOwn(BY_NAME, name);

/** What the table says of values, by their path below a service. */
const OF_SERVICE: readonly (readonly [Path, Check])[] = ATTRIBUTES.flatMap(({ path, checks }) =>
  checks
    .filter(isValueCheck)
    .map((name): readonly [Path, Check] => [path.split('.').slice(2), BY_NAME[name]]),
);
