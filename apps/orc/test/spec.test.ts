/** Flags of `container run` to a spec, as tables. */
import { expect, test } from 'vitest';
import { OrcError } from '@orc/model';
import { parseArgv } from '../src/cli/build.ts';
import { processIo } from '../src/cli/io.ts';
import { TABLE } from '../src/commands/table.ts';
import { specFromFlags } from '../src/spec/from-flags.ts';
import { parseEnvFile } from '../src/spec/values.ts';
import { parsePublish } from '../src/spec/ports.ts';
import { words } from './cli.ts';

const outer = { env: { HOME: '/root', TERM: 'xterm' }, cwd: '/home', cpus: 8 };

/** The spec of a `container run` line, without its image. */
function specOf(line: string): object {
  const parsed = parseArgv(TABLE, ['container', 'run', ...words(line)], processIo());
  const [image = '', ...command] = parsed?.invocation.args ?? [];
  const flags = parsed?.invocation.flags ?? expect.unreachable('no flags');
  const { image: _, ...spec } = specFromFlags(flags, image, command, { env: {}, labels: {} }, outer);
  return spec;
}

const backoff = { kind: 'backoff' };
const ROWS: readonly (readonly [string, object])[] = [
  ['b', {}],
  ['b ls -la --color=false', { command: ['ls', '-la', '--color=false'] }],
  ['-it b', { tty: true, openStdin: true }],
  ['-i=true b', { openStdin: true }],
  ['--init=false --rm=true b', { autoRemove: true }],
  ['-e A=1 -e B= -eC=x=y -e HOME -e ABSENT b', { env: { A: '1', B: '', C: 'x=y', HOME: '/root' } }],
  [
    '-v data:/d -v ./src:/app:ro -v /abs:/x:rshared -v /anon b',
    {
      mounts: [
        { type: 'volume', source: 'data', target: '/d' },
        { type: 'bind', source: '/home/src', target: '/app', createHostPath: true, readOnly: true },
        { type: 'bind', source: '/abs', target: '/x', createHostPath: true, propagation: 'rshared' },
        { type: 'volume', target: '/anon' },
      ],
    },
  ],
  [
    '--mount type=bind,src=cfg,dst=/etc/cfg,readonly --mount source=v,target=/v,volume-nocopy --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700 b',
    {
      mounts: [
        { type: 'bind', source: '/home/cfg', target: '/etc/cfg', readOnly: true },
        { type: 'volume', source: 'v', target: '/v', nocopy: true },
        { type: 'tmpfs', target: '/t', sizeBytes: 1_048_576, mode: 0o700 },
      ],
    },
  ],
  [
    '--tmpfs /run:size=64k,mode=1777,noexec b',
    {
      mounts: [{ type: 'tmpfs', target: '/run', sizeBytes: 65_536, mode: 0o1777, options: ['noexec'] }],
    },
  ],
  [
    '-p 80 -P --expose 53/udp --expose 1-2 b',
    {
      ports: [{ containerPort: 80, protocol: 'tcp' }],
      publishAll: true,
      expose: ['53/udp', '1/tcp', '2/tcp'],
    },
  ],
  [
    '--network name=a,alias=x,alias=y,ip=10.0.0.9,gw-priority=2 --network name=b,mac-address=02:00:00:00:00:01 b',
    {
      networkMode: {
        kind: 'networks',
        attachments: [
          { network: 'a', aliases: ['x', 'y'], ipv4: '10.0.0.9', gatewayPriority: 2 },
          { network: 'b', mac: '02:00:00:00:00:01' },
        ],
      },
    },
  ],
  [
    '--runtime runc --userns host --isolation default --volume-driver local --disable-content-trust=false --cpu-rt-period 0 b',
    {},
  ],
  [
    '--net a --network b --net-alias x --dns-opt ndots:1 b',
    {
      networkMode: { kind: 'networks', attachments: [{ network: 'a', aliases: ['x'] }, { network: 'b' }] },
      dnsOptions: ['ndots:1'],
    },
  ],
  ['--net host b', { networkMode: { kind: 'host' } }],
  ['--network none b', { networkMode: { kind: 'none' } }],
  ['--network container:web b', { networkMode: { kind: 'container', container: 'web' } }],
  [
    '--network a --network b --network-alias x --ip 10.0.0.9 b',
    {
      networkMode: {
        kind: 'networks',
        attachments: [{ network: 'a', aliases: ['x'], ipv4: '10.0.0.9' }, { network: 'b' }],
      },
    },
  ],
  ['--entrypoint /bin/x b y', { entrypoint: ['/bin/x'], command: ['y'] }],
  ['--entrypoint "" b y', { entrypoint: [], command: ['y'] }],
  ['--entrypoint /bin/x b', { entrypoint: ['/bin/x'], command: [] }],
  ['-h box b', { hostname: 'box' }],
  [
    '-m 512m --memory-swap -1 --cpus 1.5 --pids-limit -1 -c 512 --cpuset-cpus 0,1 b',
    {
      resources: {
        memoryBytes: 536_870_912,
        memorySwapBytes: -1,
        nanoCpus: 1.5e9,
        pidsMax: -1,
        cpuShares: 512,
        cpusetCpus: '0,1',
      },
    },
  ],
  ['--restart on-failure:5 b', { restart: { condition: 'on-failure', delay: backoff, maxAttempts: 5 } }],
  ['--restart unless-stopped b', { restart: { condition: 'unless-stopped', delay: backoff } }],
  ['--restart no b', {}],
  [
    '--health-cmd "wget -q x" --health-interval 5s --health-retries 2 b',
    {
      healthcheck: { test: ['CMD-SHELL', 'wget -q x'], intervalMs: 5000, retries: 2 },
    },
  ],
  ['--no-healthcheck b', { healthcheck: { test: ['NONE'] } }],
  [
    '--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt systempaths=unconfined b',
    {
      security: { noNewPrivileges: true, seccomp: 'unconfined', unmaskSystemPaths: true },
    },
  ],
  [
    '--ulimit nofile=10:20 --ulimit core=unlimited --sysctl net.x=1 b',
    {
      ulimits: [
        { name: 'nofile', soft: 10, hard: 20 },
        { name: 'core', soft: -1, hard: -1 },
      ],
      sysctls: { 'net.x': '1' },
    },
  ],
  [
    '--device /dev/fuse --device /dev/a:/dev/b:r --device /dev/c:rw b',
    {
      devices: [
        { source: '/dev/fuse', target: '/dev/fuse', permissions: 'rwm' },
        { source: '/dev/a', target: '/dev/b', permissions: 'r' },
        { source: '/dev/c', target: '/dev/c', permissions: 'rw' },
      ],
    },
  ],
  [
    '--add-host db:10.0.0.1 --add-host v6=[::1] b',
    {
      extraHosts: [
        { name: 'db', address: '10.0.0.1' },
        { name: 'v6', address: '::1' },
      ],
    },
  ],
  [
    '--log-driver json-file --log-opt max-size=1m --log-opt max-file=2 b',
    {
      logging: { driver: 'json-file', maxSizeBytes: 1_048_576, maxFiles: 2 },
    },
  ],
  [
    '--pid host --ipc container:x --cgroupns private b',
    {
      pidMode: { kind: 'host' },
      ipcMode: { kind: 'container', container: 'x' },
      cgroupnsMode: { kind: 'private' },
    },
  ],
  [
    '-u 1:2 -w /x --group-add g --cap-add NET_ADMIN --cap-drop ALL --privileged --read-only --init b',
    {
      user: '1:2',
      workingDir: '/x',
      groupAdd: ['g'],
      capAdd: ['NET_ADMIN'],
      capDrop: ['ALL'],
      privileged: true,
      readOnlyRoot: true,
      init: true,
    },
  ],
  [
    '--stop-signal INT --stop-timeout 3 --shm-size 1g --oom-score-adj -5 b',
    {
      stopSignal: 'INT',
      stopGraceMs: 3000,
      shmSizeBytes: 2 ** 30,
      oomScoreAdj: -5,
    },
  ],
  ['-l a=b -l bare --annotation x=y b', { labels: { a: 'b', bare: '' }, annotations: { x: 'y' } }],
];

/** Unlike services: su, sudo and setuid programs work. */
const AS_DOCKER = { noNewPrivileges: false };

test.each(ROWS)('%s', (line, spec) => {
  expect(specOf(line)).toEqual({ security: AS_DOCKER, ...spec });
});

test.each([
  ['disabled', { recursive: false }],
  ['enabled', {}],
])('bind-recursive=%s', (word, recursive) => {
  const bind = { type: 'bind', source: '/a', target: '/b', ...recursive };
  expect(specOf(`--mount type=bind,src=/a,dst=/b,bind-recursive=${word} b`)).toEqual({
    security: AS_DOCKER,
    mounts: [bind],
  });
});

test.each([
  ['--mount type=bind,src=/a,dst=/b,bind-propagation=sideways b', 'sideways'],
  ['--mount type=tmpfs,dst=/t,tmpfs-mode=9 b', 'mode 9'],
  ['--mount source=v,dst=/v,volume-driver=nfs b', 'nfs'],
  ['--tmpfs /t:mode=rwx b', 'mode rwx'],
  ['--log-opt max-file=few b', 'max-file=few'],
  ['--dns nowhere b', 'nowhere'],
  ['--workdir rel b', 'rel'],
  ['--stop-signal NOPE b', 'invalid signal: NOPE'],
  ['--cpus 9999 b', 'range of CPUs is from 0.01 to'],
])('%s is refused', (line, operand) => {
  expect(() => specOf(line)).toThrow(operand);
});

test('sig-proxy is on unless it is turned off', () => {
  const proxy = (line: string): unknown =>
    parseArgv(TABLE, ['container', 'run', ...words(line)], processIo())?.invocation.flags.on('sig-proxy');
  expect([proxy('b'), proxy('--sig-proxy b'), proxy('--sig-proxy=false b')]).toEqual([true, true, false]);
});

const tcp = { protocol: 'tcp' } as const;
test.each([
  ['80', [{ ...tcp, containerPort: 80 }]],
  ['8080:80', [{ ...tcp, containerPort: 80, hostPort: 8080 }]],
  [':80', [{ ...tcp, containerPort: 80 }]],
  ['127.0.0.1::80', [{ ...tcp, containerPort: 80, hostIp: '127.0.0.1' }]],
  ['127.0.0.1:53:53/udp', [{ protocol: 'udp', containerPort: 53, hostIp: '127.0.0.1', hostPort: 53 }]],
  ['[::1]:8080:80', [{ ...tcp, containerPort: 80, hostIp: '::1', hostPort: 8080 }]],
  [
    '8000-8001:80-81',
    [
      { ...tcp, containerPort: 80, hostPort: 8000 },
      { ...tcp, containerPort: 81, hostPort: 8001 },
    ],
  ],
] as const)('port %s', (word, bindings) => {
  expect(parsePublish(word)).toEqual(bindings);
});

test.each(['0', '65536', '80:', 'a:80', '80/sctp', '1-3:1-2', '2-1', '1:2:3:4', ''])(
  'port %s is refused',
  (word) => {
    expect(() => parsePublish(word)).toThrow(OrcError);
  },
);

test('an env file keeps quotes and blanks, takes bare names from outside, and names a bad line', () => {
  const text = '\uFEFF# comment\nA=1\n  B="two"\nHOME\nABSENT\nC= x \r\n\n';
  expect(parseEnvFile('f', text, { HOME: '/root' })).toEqual({ A: '1', B: '"two"', HOME: '/root', C: ' x ' });
  const bad = (): unknown => parseEnvFile('f', 'A=1\nno name=2\n', {});
  expect(bad).toThrow(
    expect.objectContaining({
      problem: expect.objectContaining({ where: expect.objectContaining({ line: 2 }) }),
    }),
  );
});
