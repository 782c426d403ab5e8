/** The column of checks is true: each that it names finds a fault in a file that has one, at the line that is marked. */
import { expect, test } from 'vitest';
import { ATTRIBUTES } from '../src/index.ts';
import { CHECKS, CHECK_WORDS, type CheckName } from '../src/plan/attributes/checks.ts';
import { loadFiles } from './support.ts';

const MARK = '# here';
const web = (...lines: string[]): string =>
  ['services:', '  web:', '    image: b', ...lines.map((line) => `    ${line}`)].join('\n');
const top = (...lines: string[]): string => [web(), ...lines].join('\n');
const fileOf = (kind: string, name: string, ...lines: string[]): string =>
  top(`${kind}:`, `  ${name}:`, ...lines.map((line) => `    ${line}`));
const limits = (line: string): readonly string[] => [
  'deploy:',
  '  resources:',
  '    limits:',
  `      ${line}`,
];
const needs = (more: string): string =>
  `${web('depends_on:', `  db: {condition: service_healthy} ${MARK}`)}\n  db: {image: b, ${more}}`;

/** By the last step of the path and the check where those say enough; a check may be told twice, at either place. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'networks.*.name nameAllowed': fileOf('networks', 'x', `name: a/b ${MARK}`),
  'volumes.*.name nameAllowed': fileOf('volumes', 'x', `name: a/b ${MARK}`),
  nameAllowed: fileOf('KIND', 'x', 'file: a', `name: a/b ${MARK}`),
  alone: fileOf('KIND', 'x', 'external: true', `labels: {a: b} ${MARK}`),
  'file oneSource': fileOf('KIND', 'x', `file: a ${MARK}`, 'environment: HOME'),
  'content oneSource': fileOf('KIND', 'x', `content: a ${MARK}`, 'file: b'),
  'environment oneSource': fileOf('KIND', 'x', `environment: HOME ${MARK}`, 'file: b'),
  variableSet: [web('KIND: [x]'), 'KIND:', '  x:', `    environment: NONE ${MARK}`].join('\n'),
  'subnet cidr': fileOf('networks', 'x', 'ipam:', '  config:', `    - subnet: nowhere ${MARK}`),
  'ip_range cidr': fileOf('networks', 'x', 'ipam:', '  config:', `    - ip_range: nowhere ${MARK}`),
  'ip_range inSubnet': fileOf(
    'networks',
    'x',
    'ipam:',
    '  config:',
    '    - subnet: 10.1.0.0/24',
    `      ip_range: 10.2.0.0/25 ${MARK}`,
  ),
  'gateway inSubnet': fileOf(
    'networks',
    'x',
    'ipam:',
    '  config:',
    '    - subnet: 10.1.0.0/24',
    `      gateway: 10.2.0.1 ${MARK}`,
  ),
  'mac_address macAddress': web(`mac_address: 01:00:5e:00:00:01 ${MARK}`),
  'networks.*.mac_address macAddress': `${web('networks:', `  x: {mac_address: zz} ${MARK}`)}\nnetworks: {x: {}}`,
  'extra_hosts hostEntry': web('extra_hosts:', `  - a:zz ${MARK}`),
  'build.extra_hosts hostEntry': web('build:', '  context: .', '  extra_hosts:', `    - a=zz ${MARK}`),
  processorList: web(`cpuset: zz ${MARK}`),
  processorsThere: web(`cpuset: 0,9-12 ${MARK}`),
  'limits.pids roomForInit': web('init: true', ...limits(`pids: 1 ${MARK}`)),
  roomForInit: web('init: true', `pids_limit: 1 ${MARK}`),
  parameterValue: web('sysctls:', `  net.ipv4.ip_unprivileged_port_start: abc ${MARK}`),
  capability: web('KEY:', `  - FLY ${MARK}`),
  'source configDefined': web('configs:', `  - source: none ${MARK}`),
  'source secretDefined': web('secrets:', `  - source: none ${MARK}`),
  'secrets secretDefined': web('build:', '  context: .', '  secrets:', `    - none ${MARK}`),
  containerName: web(`container_name: a/b ${MARK}`),
  'cpus processors': web(`cpus: 99 ${MARK}`),
  'limits.cpus processors': web(...limits(`cpus: 99 ${MARK}`)),
  'cpus asInDeploy': web(`cpus: 1 ${MARK}`, ...limits('cpus: 2')),
  'limits.cpus asInShort': web(`cpus: 1 ${MARK}`, ...limits('cpus: 2')),
  'mem_limit asInDeploy': web(`mem_limit: 64m ${MARK}`, ...limits('memory: 65m')),
  'limits.memory asInShort': web(`mem_limit: 64m ${MARK}`, ...limits('memory: 65m')),
  'mem_reservation asInDeploy': web(
    `mem_reservation: 64m ${MARK}`,
    'deploy: {resources: {reservations: {memory: 65m}}}',
  ),
  'reservations.memory asInShort': web(
    `mem_reservation: 64m ${MARK}`,
    'deploy: {resources: {reservations: {memory: 65m}}}',
  ),
  'pids_limit asInDeploy': web(`pids_limit: 10 ${MARK}`, ...limits('pids: 11')),
  'limits.pids asInShort': web(`pids_limit: 10 ${MARK}`, ...limits('pids: 11')),
  'scale asInDeploy': web(`scale: 2 ${MARK}`, 'deploy: {replicas: 3}'),
  'replicas asInShort': web(`scale: 2 ${MARK}`, 'deploy: {replicas: 3}'),
  'scale notNegative': web(`scale: -1 ${MARK}`),
  'replicas notNegative': web('deploy:', `  replicas: -1 ${MARK}`),
  'scale notNamed': web('container_name: xx', `scale: 2 ${MARK}`),
  'replicas notNamed': web('container_name: xx', 'deploy:', `  replicas: 2 ${MARK}`),
  'depends_on serviceDefined': web('depends_on:', `  none: {condition: service_started} ${MARK}`),
  'depends_on noCycle': `${web('depends_on: [db]')}\n  db: {image: b, depends_on: [web]} ${MARK}`,
  healthWanted: needs('healthcheck: {disable: true}'),
  '* serviceDefined': web('build:', '  context: .', '  additional_contexts:', `    x: service:none ${MARK}`),
  nameServer: web('KEY:', `  - dns.example ${MARK}`),
  resolverOption: web('KEY:', `  - a b ${MARK}`),
  searchDomain: web('KEY:', `  - a b ${MARK}`),
  hostName: web(`KEY: ${'a'.repeat(65)} ${MARK}`),
  originGiven: `services:\n  web: ${MARK}\n    tty: true`,
  imageName: `services:\n  web:\n    image: Redis:7 ${MARK}`,
  'mem_limit memoryMin': web(`mem_limit: 1m ${MARK}`),
  'limits.memory memoryMin': web(...limits(`memory: 1m ${MARK}`)),
  'network_mode notBoth': web(`network_mode: host ${MARK}`, 'networks: [default]'),
  'dockerfile_inline notBoth': web(
    'build:',
    '  context: .',
    '  dockerfile: D',
    `  dockerfile_inline: FROM x ${MARK}`,
  ),
  networkDefined: web('networks:', `  none: {} ${MARK}`),
  hostAddress: `${web('networks:', '  n:', `    ipv4_address: 10.2.0.5 ${MARK}`)}\nnetworks: {n: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}`,
  hostPlatform: web(`platform: linux/s390x ${MARK}`),
  knownWord: web(`restart: sometimes ${MARK}`),
  signal: web(`stop_signal: SIGNONE ${MARK}`),
  parameterOwn: web('sysctls:', `  vm.swappiness: 1 ${MARK}`),
  'tmpfs mountedOnce': web('volumes: [./a:/x]', 'tmpfs:', `  - /x ${MARK}`),
  'target mountedOnce': web('volumes: [./a:/x]', 'tmpfs:', `  - /x ${MARK}`),
  limitKnown: web('ulimits:', `  none: 1 ${MARK}`),
  user: web(`user: a:b:c ${MARK}`),
  volumeDefined: web('volumes:', `  - none:/x ${MARK}`),
  sourceThere: web(
    'volumes:',
    '  - type: bind',
    `    source: /none ${MARK}`,
    '    target: /x',
    '    bind: {create_host_path: false}',
  ),
  absolutePath: web(`working_dir: x ${MARK}`),
  platformIncluded: web(
    'platform: linux/amd64',
    'build:',
    '  context: .',
    '  platforms:',
    `    - linux/arm64 ${MARK}`,
  ),
};

const TOLD = Object.entries(CHECKS).flatMap(([path, names]) =>
  names.map((name): [string, CheckName] => [path, name]),
);

/** With the longest end of the path that says which. */
function exampleOf(path: string, name: CheckName): string | undefined {
  const steps = path.split('.');
  const keys = steps.map((_, index) => `${steps.slice(index).join('.')} ${name}`);
  const key = [...keys, name].find((each) => EXAMPLES[each] !== undefined);
  return key && EXAMPLES[key]?.replaceAll('KIND', steps[0] ?? '').replace('KEY', steps.at(-1) ?? '');
}

const KERNEL = {
  '/sys/devices/system/cpu/online': '0-1\n',
  '/proc/sys/net/ipv4/ip_unprivileged_port_start': '1024\n',
};

test.each(TOLD)('%s: %s', (path, name) => {
  const text = exampleOf(path, name) ?? '';
  const line = text.split('\n').findIndex((each) => each.includes(MARK)) + 1;
  expect(line).toBeGreaterThan(0);
  const { problems } = loadFiles(
    { 'compose.yaml': `${text}\n`, Dockerfile: '', ...KERNEL },
    { environment: { HOME: '/' }, options: { cpus: 2, host: { os: 'linux', architecture: 'x64' } } },
  );
  const errors = problems.filter(
    ({ severity, code }) => severity !== 'warning' && code !== 'compose.unsupported',
  );
  expect(errors.map(({ where }) => where?.line)).toContain(line);
  expect(errors).toHaveLength(1);
});

test('the table has rows for all that is checked, and uses all words', () => {
  const paths = ATTRIBUTES.map(({ path }) => path);
  expect(Object.keys(CHECKS).filter((path) => !paths.includes(path))).toEqual([]);
  expect(new Set(TOLD.map(([, name]) => name))).toEqual(new Set(Object.keys(CHECK_WORDS)));
});
