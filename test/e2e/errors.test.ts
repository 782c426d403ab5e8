/** What a user sees when it goes wrong: exit code, text, and what it changed, as golden text. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goldenSuite } from '../golden/golden.ts';
import { bootstrapBusybox, idle, startNew } from '../lab/engine.ts';
import { type CommandResult, type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
let taken: Server;
let port = 0;

const FILES: Readonly<Record<string, string>> = {
  'bad.Dockerfile': 'FROM busybox\nRUUN x\n',
  'fail.Dockerfile': 'FROM busybox\nRUN echo before; exit 7\n',
  'syntax.yaml': 'services:\n  web:\n   image: busybox\n  - command\n',
  'attribute.yaml': 'services:\n  web:\n    imag: busybox\n    ports: [x]\n',
  'noimage.yaml': 'services:\n  web:\n    image: localhost:1/none\n',
  'sick.yaml': [
    'services:',
    '  db:',
    '    image: busybox',
    '    command: sleep 1000',
    '    stop_grace_period: 0s',
    '    healthcheck: { test: "false", interval: 50ms, retries: 1 }',
    '  web:',
    '    image: busybox',
    '    depends_on: { db: { condition: service_healthy } }',
    '',
  ].join('\n'),
  'unchecked.yaml': [
    'services:',
    '  db: { image: busybox, command: sleep 1000, stop_grace_period: 0s }',
    '  web:',
    '    image: busybox',
    '    depends_on: { db: { condition: service_healthy } }',
    '',
  ].join('\n'),
  'external.yaml': [
    'services:',
    '  web: { image: busybox, networks: [front], volumes: ["data:/data"] }',
    'networks: { front: { external: true, name: edge } }',
    'volumes:',
    '  data:',
    '    external: true',
    '',
  ].join('\n'),
};

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
  mkdirSync(join(instance.folder, 'shop'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(instance.folder, 'shop', name), text);
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve));
  port = (taken.address() as { port: number }).port;
  await startNew(instance.client, idle(), 'taken');
});
afterAll(async () => {
  taken.close();
  await instance.purge();
});

/** Everything by name, to see what a command changed. */
async function inventory(): Promise<readonly string[]> {
  const { client } = instance;
  const [containers, images, networks, volumes, projects] = await Promise.all([
    client.listContainers({ all: true }),
    client.listImages(),
    client.listNetworks(),
    client.listVolumes(),
    client.listProjects(true),
  ]);
  return [
    ...containers.map(({ name, status }) => `container ${name} ${status}`),
    ...images.map(({ id, tags }) => `image ${tags.join(' ') || id}`),
    ...networks.map(({ name }) => `network ${name}`),
    ...volumes.map(({ name }) => `volume ${name}`),
    ...projects.map(({ name }) => `project ${name}`),
  ].sort();
}

/** What is printed after the progress, which is another suite's. */
function problemIn({ stderr }: CommandResult): string {
  const lines = stderr.trimEnd().split('\n');
  return lines
    .slice(lines.findLastIndex((line) => /^ (Image|Container|Network|Volume) /.test(line)) + 1)
    .join('\n');
}

const plain = (text: string): string =>
  text
    .replaceAll(instance.folder, '<folder>')
    .replaceAll(String(port), '<port>')
    .replace(/\b[0-9a-f]{12}\b/g, '<id>');

describe('golden rows', () => {
  goldenSuite(join(import.meta.dirname, 'golden'), {
    orc: async ({ body }) => {
      const before = await inventory();
      const args = body.replaceAll('<port>', String(port)).split(' ');
      const result = instance.orc(args, { cwd: join(instance.folder, 'shop') });
      const after = await inventory();
      const changed = after.filter((line) => !before.includes(line)).map((line) => `\n+ ${line}`);
      const lost = before.filter((line) => !after.includes(line)).map((line) => `\n- ${line}`);
      return plain(`exit ${result.code}\n${problemIn(result)}${[...lost, ...changed].join('')}`);
    },
  });
});

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const orc = join(import.meta.dirname, '../../apps/orc/bin/orc');

test('not root: exit 1, and the hint says who may', () => {
  const { status, stderr } = spawnSync('setpriv', [...NOBODY, orc, 'container', 'ls'], {
    env: instance.env,
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(plain(`exit ${status}\n${stderr.trim()}`)).toBe(
    'exit 1\nerror: no permission to open <folder>/run/orc.sock\n  hint: run as root, or as a member of the group orc',
  );
});

test('a kernel feature that is missing is named', async (context) => {
  const { missing } = await instance.client.info();
  if (!missing.includes('CAP_SYS_RESOURCE')) {
    console.log('skipped: this host has CAP_SYS_RESOURCE, whose absence is tested');
    return context.skip();
  }
  const { code, stderr } = instance.orc([
    'container',
    'run',
    '--rm',
    '--oom-score-adj',
    '-900',
    'busybox',
    'true',
  ]);
  expect(code).toBe(125);
  expect(stderr).toMatch(
    /^error: cannot lower oom_score_adj to -900\n {2}hint: the daemon lacks CAP_SYS_RESOURCE/,
  );
});

/** An instance on a disk of 48 MB. */
async function onSmallDisk(work: (small: Instance, disk: string) => Promise<void>): Promise<void> {
  const disk = mkdtempSync(join(tmpdir(), 'orc-disk-'));
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'none', disk]).status).toBe(0);
  try {
    const small = await startInstance({ root: join(disk, 'root') });
    try {
      await bootstrapBusybox(small);
      await work(small, disk);
    } finally {
      await small.purge();
    }
  } finally {
    spawnSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
}

test('on a disk that a container has filled a killed daemon starts again, and what fills it can be removed', () =>
  onSmallDisk(async (small, disk) => {
    await until(() => existsSync(join(disk, 'root/ballast')), 'space to be kept');
    const fill = 'cat /dev/zero > /big; echo full; exec sleep 1000';
    small.orc(['container', 'run', '-d', '--name', 'filler', 'busybox', 'sh', '-c', fill]);
    await until(() => statfsSync(disk).bfree === 0, 'the disk to be full');
    await small.stop('SIGKILL');
    await small.start();
    expect(small.orc(['container', 'ls', '-q']).stdout).not.toBe('');
    expect(small.orc(['container', 'rm', '-f', 'filler'])).toMatchObject({ code: 0, stdout: 'filler\n' });
    await until(() => statfsSync(disk).bfree > 1000, 'space');
    expect(small.orc(['container', 'run', '--rm', 'busybox', 'echo', 'works']).stdout).toBe('works\n');
  }));

test('a full disk: the command fails, nothing is half made, and space makes it work again', () =>
  onSmallDisk(async (small, disk) => {
    spawnSync('sh', ['-c', `cat /dev/zero > ${disk}/filler`]);
    const failed = small.orc(['container', 'run', '--name', 'full', 'busybox', 'true']);
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toMatch(/no space left|ENOSPC|disk/i);
    expect(await small.client.listContainers({ all: true })).toEqual([]);
    rmSync(join(disk, 'filler'));
    expect(small.orc(['container', 'run', '--name', 'full', 'busybox', 'true']).code).toBe(0);
    expect((await small.client.info()).quarantined).toEqual([]);
  }));
