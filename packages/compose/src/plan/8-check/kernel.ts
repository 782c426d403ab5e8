/** What the kernel takes of a service and is known before it is asked: limits, parameters, processors. */
import {
  isNumberList,
  missingOf,
  nearestWord,
  RLIMIT_NAMES,
  sysctlNamespace,
  type SysctlNamespace,
} from '@orc/model';
import { type Loading, factOf, factText, report } from '../loading.ts';
import { type Entry, type MapNode, type Node, at, get, textOf } from '../node.ts';

/** Where a project is to run: to be looked at, a file may name what another host has. */
export function checkKernel(loading: Loading, services: MapNode, cpus: number | undefined): void {
  for (const [name, { value }] of services.entries)
    if (value.kind === 'map') checkService(loading, `services.${name}`, value, cpus);
}

function checkService(loading: Loading, label: string, service: MapNode, cpus: number | undefined): void {
  for (const [limit, entry] of entriesOf(get(service, 'ulimits')))
    checkUlimit(loading, `${label}.ulimits`, limit, entry);
  for (const [key, entry] of entriesOf(get(service, 'sysctls')))
    checkSysctl(loading, label, service, key, entry);
  for (const path of [['cpus'], ['deploy', 'resources', 'limits', 'cpus']])
    checkCpus(loading, [label, ...path].join('.'), at(service, path), cpus);
  checkCpuset(loading, `${label}.cpuset`, get(service, 'cpuset'));
  for (const path of [['pids_limit'], ['deploy', 'resources', 'limits', 'pids']])
    checkPids(loading, [label, ...path].join('.'), service, at(service, path));
}

const entriesOf = (node: Node | undefined): MapNode['entries'] =>
  node?.kind === 'map' ? node.entries : new Map();

function checkUlimit(loading: Loading, label: string, name: string, { key, value }: Entry): void {
  if (!RLIMIT_NAMES.includes(name)) {
    const meant = nearestWord(name, RLIMIT_NAMES);
    report(loading, 'compose.schema', key, `${label}: unknown limit "${name}"`, {
      hint: meant === undefined ? `known are ${RLIMIT_NAMES.join(', ')}` : `did you mean "${meant}"?`,
    });
  }
  const [soft, hard] = [numberOf(get(value, 'soft')), numberOf(get(value, 'hard'))];
  if (soft === undefined || hard === undefined || !isAbove(soft, hard)) return;
  const message = `${label}.${name}: the soft limit ${soft} is above the hard limit ${hard}`;
  report(loading, 'compose.schema', get(value, 'soft'), message, {
    hint: 'raise the hard limit or lower the soft one',
  });
}

const numberOf = (node: Node | undefined): number | undefined =>
  node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;

const UNLIMITED = -1;
const isAbove = (soft: number, hard: number): boolean =>
  hard !== UNLIMITED && (soft === UNLIMITED || soft > hard);

const MODES: Readonly<Record<SysctlNamespace, string>> = { network: 'network_mode', ipc: 'ipc', uts: 'uts' };

function checkSysctl(
  loading: Loading,
  label: string,
  service: MapNode,
  name: string,
  { key, value }: Entry,
): void {
  const refuse = (why: string, hint: string): void =>
    report(loading, 'compose.schema', key, `${label}.sysctls: ${name} ${why}`, { hint });
  const namespace = sysctlNamespace(name);
  if (namespace === undefined) {
    if (/^kernel[./]hostname$/.test(name)) refuse('cannot be set', 'use hostname: instead');
    else
      refuse(
        'is not separate for a container',
        'net.*, fs.mqueue.* and System V ipc ones are; set it on the host',
      );
  } else if (textOf(get(service, MODES[namespace])) === 'host')
    refuse(
      `would change the host's ${namespace} namespace`,
      `leave ${MODES[namespace]}: host out, or set it on the host`,
    );
  else if (isUnknown(loading, name)) refuse('is not a parameter of this kernel', 'see /proc/sys/net');
  else checkParameter(loading, `${label}.sysctls.${name}`, name, value);
}

/** Folders of an interface are there once it is; a separator within a part is a dot, or a slash, of its name. */
const OF_INTERFACE = /^net\.ipv[46]\.(?:conf|neigh)\./;

/** The kernel of the containers is the one here. Where its files do not show, nothing is said. */
function isUnknown(loading: Loading, name: string): boolean {
  const steps = name.split(/[./]/);
  const folder = `/proc/sys/${steps.slice(0, 2).join('/')}`;
  if (!/^net\.[a-z0-9_]+\.[\w.-]+$/.test(name) || OF_INTERFACE.test(name)) return false;
  const [around, fact] = [factOf(loading, folder), factOf(loading, `/proc/sys/${steps.join('/')}`)];
  return around?.kind === 'directory' && fact?.kind === 'missing';
}

/** A word where the kernel has numbers is none that it takes. */
function checkParameter(loading: Loading, label: string, name: string, node: Node): void {
  const text = textOf(node);
  if (
    text === undefined ||
    !/^[a-z]+$/i.test(text) ||
    !/^[a-z]+\.[\w.-]+$/.test(name) ||
    OF_INTERFACE.test(name)
  )
    return;
  const now = contentOf(loading, `/proc/sys/${name.replaceAll('.', '/')}`);
  if (now === undefined || !/^-?\d+(?:\s+-?\d+)*$/.test(now)) return;
  report(loading, 'compose.schema', node, `${label}: "${text}" is not a number`, {
    hint: `here it is ${now.replace(/\s+/g, ' ')}`,
  });
}

/** Of a file of the kernel's; undefined where it does not show, or is still to be read. */
function contentOf(loading: Loading, path: string): string | undefined {
  const fact = factOf(loading, path);
  return fact?.kind === 'file' || fact?.kind === 'text' ? factText(fact)?.trim() : undefined;
}

const ONLINE = '/sys/devices/system/cpu/online';

function checkCpuset(loading: Loading, label: string, node: Node | undefined): void {
  const wanted = textOf(node);
  if (wanted === undefined || !isNumberList(wanted)) return;
  const there = contentOf(loading, ONLINE);
  if (there === undefined || !isNumberList(there) || missingOf(wanted, there).length === 0) return;
  report(loading, 'compose.schema', node, `${label}: this host has not all of the processors ${wanted}`, {
    hint: `it has ${there}`,
  });
}

function checkPids(loading: Loading, label: string, service: MapNode, node: Node | undefined): void {
  const init = get(service, 'init');
  if (numberOf(node) !== 1 || init?.kind !== 'scalar' || init.value !== true) return;
  report(loading, 'compose.schema', node, `${label}: 1 leaves no room for the program beside init`, {
    hint: 'write 2 or more, or leave init out',
  });
}

const CPUS_MIN = 0.01;

/** In docker's words; 0 is no limit. */
function checkCpus(loading: Loading, label: string, node: Node | undefined, cpus: number | undefined): void {
  const wanted = numberOf(node);
  if (wanted === undefined || wanted === 0 || cpus === undefined) return;
  if (wanted >= CPUS_MIN && wanted <= cpus) return;
  const range = `range of CPUs is from ${CPUS_MIN} to ${cpus.toFixed(2)}`;
  const message = `${label}: ${range}, as there are only ${cpus} CPUs available, and ${wanted} is not in it`;
  report(loading, 'compose.schema', node, message, {
    hint: wanted > cpus ? `write ${cpus} or less` : `write ${CPUS_MIN} or more, or 0 for no limit`,
  });
}
