/** The end of a daemon, and of all that it has, from the command line. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootstrapBusybox, idle, startNew } from '../lab/engine.ts';
import { makeInstance, startInstance, until } from '../lab/instance.ts';

const AS_NOBODY = 65_534;
const repository = join(import.meta.dirname, '../..');

test('stop ends the daemon and no container; purge ends all', async () => {
  const instance = await startInstance();
  try {
    await bootstrapBusybox(instance);
    await startNew(instance.client, idle(), 'lasting');
    const refused = instance.orcd(['--purge']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(
      /^error: a daemon runs for .* already .*\n {2}hint: .*"orc system stop"\n$/,
    );

    const stopped = instance.orc(['system', 'stop']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toBe(`stopped the orc daemon (pid ${instance.pid()}); its containers live on\n`);
    expect(instance.leftovers().some((line) => line.startsWith('process'))).toBe(true);
    const again = instance.orc(['system', 'stop']);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^error: no daemon runs for .*\n {2}hint: /);

    await instance.start();
    const asked = instance.orc(['system', 'purge']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('hint: use "orc system purge -f"');
    const purged = instance.orc(['system', 'purge', '-f']);
    expect(purged).toMatchObject({ code: 0, stderr: '' });
    expect(purged.stdout).toContain('removed all of the instance');
    expect(existsSync(join(instance.folder, 'root'))).toBe(false);
    const rest = instance.orc(['system', 'purge', '-f']);
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.stdout).toContain('nothing of orc is under');
  } finally {
    await instance.purge();
  }
});

test('a root behind a link that lies on another disk has containers like any other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-linked-'));
  const [disk, other] = [join(folder, 'disk'), join(folder, 'other')];
  for (const each of [disk, other]) mkdirSync(each);
  execFileSync('mount', ['-t', 'tmpfs', 'other', other]);
  symlinkSync(disk, join(other, 'root'));
  const instance = makeInstance({ root: join(other, 'root') });
  try {
    await instance.start();
    await bootstrapBusybox(instance);
    const ran = instance.orc(['container', 'run', '--rm', 'busybox', 'echo', 'here']);
    expect(ran).toMatchObject({ code: 0, stdout: 'here\n' });
    const purged = instance.orc(['system', 'purge', '-f']);
    expect(purged).toMatchObject({ code: 0, stderr: '' });
    expect(purged.stdout).toMatch(/the folder itself stays\n$/);
    expect(readdirSync(disk)).toEqual([]);
  } finally {
    await instance.purge().finally(() => {
      execFileSync('umount', [other]);
      rmSync(folder, { recursive: true });
    });
  }
});

test('purge takes what is the instance’s, and nothing that lies beside it', async () => {
  const instance = await startInstance();
  const [root, run] = [join(instance.folder, 'root'), join(instance.folder, 'run')];
  try {
    for (const folder of [root, run]) writeFileSync(join(folder, 'mine.txt'), 'kept');
    const purged = instance.orc(['system', 'purge', '-f']);
    expect(purged).toMatchObject({ code: 0, stderr: '' });
    expect(purged.stdout).toContain('the folder itself stays: it holds other things');
    for (const folder of [root, run]) expect(readdirSync(folder)).toEqual(['mine.txt']);
    const refused = instance.orcd([]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('holds other things') });
    for (const folder of [root, run]) rmSync(join(folder, 'mine.txt'));
  } finally {
    await instance.purge();
  }
});

test('another socket’s daemon is not stopped by this root’s pid file', async () => {
  const instance = await startInstance();
  try {
    const { code, stderr } = instance.orc(['-H', '/run/elsewhere.sock', 'system', 'stop']);
    expect(code).toBe(2);
    expect(stderr).toContain('/run/elsewhere.sock is not that of the instance');
    expect((await instance.client.version()).pid).toBe(instance.pid());
  } finally {
    await instance.purge();
  }
});

test('orc daemon becomes the daemon of its environment, with the configuration that it names', async () => {
  const instance = makeInstance();
  const config = join(instance.folder, 'orcd.json');
  writeFileSync(config, '{"logLevel": "debug"}');
  const output = openSync(join(instance.folder, 'daemon.log'), 'a');
  const daemon = spawn(join(repository, 'apps/orc/bin/orc'), ['daemon', '--config', config], {
    env: instance.env,
    stdio: ['ignore', output, output],
  });
  try {
    const pid = async (): Promise<number | undefined> =>
      (await instance.client.version().catch(() => undefined))?.pid;
    await until(
      async () => (await pid()) === daemon.pid,
      () => `the daemon to answer: ${instance.log()}`,
    );
    expect(instance.log()).toContain('"msg":"recovered"');
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGTERM');
    expect(await ended).toBe(0);
  } finally {
    daemon.kill('SIGKILL');
    await instance.purge();
  }
});

test('who is not root is told so in one line', async () => {
  const instance = await startInstance();
  try {
    const { code, stderr } = instance.orcd(['--nosuch']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*--nosuch.*\n {2}hint: write orcd.*\n$/);
    const daemon = join(import.meta.dirname, '../../apps/orcd/src/main.ts');
    const nobody = spawnSync(process.execPath, [daemon], {
      uid: AS_NOBODY,
      gid: AS_NOBODY,
      encoding: 'utf8',
      env: { ...instance.env, NODE_NO_WARNINGS: '1' },
    });
    expect(nobody.status).toBe(1);
    expect(nobody.stderr).toBe('error: the daemon needs root\n  hint: run "sudo orc daemon"\n');
  } finally {
    await instance.purge();
  }
});

test('the demo refuses words that it does not know, and starts nothing', () => {
  for (const words of [['foo'], ['down', 'now'], ['--help']]) {
    const { status, stdout, stderr } = spawnSync('sh', [join(repository, 'scripts/demo.sh'), ...words], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent:/usr/bin:/bin' },
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`error: the demo knows no "${words.join(' ')}"\n  hint: write "npm run demo"`);
  }
});

/** What the demo made, by the marks that it leaves; its images are stood in for by busybox. */
async function demoDown(marks: readonly string[], other: readonly string[]): Promise<readonly string[]> {
  const instance = await startInstance();
  try {
    const root = join(instance.folder, 'root');
    await bootstrapBusybox(instance);
    for (const args of [['image', 'tag', 'busybox', 'debian:bookworm'], ['image', 'rm', 'busybox'], other])
      if (args.length > 0) expect(instance.orc(args)).toMatchObject({ code: 0 });
    writeFileSync(join(root, 'demo'), marks.map((each) => `${each}\n`).join(''));
    const down = (): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
      spawnSync('sh', [join(repository, 'scripts/demo.sh'), 'down'], { encoding: 'utf8', env: instance.env });
    const { status, stderr } = down();
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const runs = await instance.client.version().then(
      () => true,
      () => false,
    );
    const left = existsSync(join(root, 'raft'));
    if (!left) expect(down()).toMatchObject({ status: 0, stdout: `nothing of orc is under ${root}\n` });
    const images = runs
      ? instance.orc(['image', 'ls', '--format', '{{.Repository}}']).stdout.split('\n')
      : [];
    return [...(runs ? ['daemon'] : []), ...(left ? ['root'] : []), ...images.filter((each) => each !== '')];
  } finally {
    await instance.purge();
  }
}

test.each([
  [['instance', 'daemon', 'image'], [], []],
  [['instance', 'daemon', 'image'], ['volume', 'create', 'mine'], ['root']],
  [['daemon', 'image'], [], ['root']],
  [[], [], ['daemon', 'root', 'debian']],
  [['image'], ['container', 'create', 'debian:bookworm'], ['daemon', 'root', 'debian']],
])(
  'the end of a demo that made %j, beside %j, leaves %j',
  { timeout: 120_000 },
  async (marks, other, left) => {
    expect(await demoDown(marks, other)).toEqual(left);
  },
);

test('health checks of the shop are no visits', () => {
  const shop = join(repository, 'examples/shop');
  const checked = /"http:\/\/127\.0\.0\.1(\/[^"]*)"\]/.exec(
    readFileSync(join(shop, 'compose.yaml'), 'utf8'),
  )?.[1];
  const own = readFileSync(join(shop, 'web/shop.conf'), 'utf8').split(`location = ${checked} {`)[1];
  expect(own?.split('}')[0]).toContain('return 200');
});

/** With an /etc and a /run of its own, and a systemctl that writes down what it is asked. */
const IN_A_HOST_OF_ITS_OWN = `
set -e
mount -t tmpfs tmpfs "$1"; mkdir "$1/upper" "$1/work" "$1/bin"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
mount -t tmpfs tmpfs /run; mkdir -p /etc/systemd/system
sed -i /^orc:/d /etc/group
[ "$2" = with ] && mkdir -p /run/systemd/system
printf '#!/bin/sh\\necho "systemctl $*"  >> %s/said\\n' "$1" > "$1/bin/systemctl"
chmod +x "$1/bin/systemctl"; PATH="$1/bin:$PATH"
orc() { echo "$ orc $*"; "$ORC" "$@" 2>&1 || echo "-> $?"; }
unit() { ls /etc/systemd/system | grep ^orc || true; grep -o ^orc: /etc/group || true; }
orc system install; unit
orc system install
ORC_ROOT=/srv/other orc system uninstall
orc system uninstall; unit
orc system uninstall
[ "$2" = with ] || { orc system install; gpasswd -a daemon orc > /dev/null; orc system uninstall; unit; }
cat "$1/said" 2>/dev/null || true
`;

const UNIT = '/etc/systemd/system/orc.service';
const INSTALLED = [
  '$ orc system install',
  'made the group orc: its members may use the socket, which is as good as root',
  `wrote ${UNIT}`,
];
const NONE_HERE = 'systemd does not run here: start the daemon with "orc daemon"';
const AGAIN = [
  'orc.service',
  'orc:',
  '$ orc system install',
  'everything is installed already',
  '$ orc system uninstall',
  `error: ${UNIT} is the service of the instance under $ROOT`,
  '  hint: set ORC_ROOT to it to uninstall that one',
  '-> 1',
  '$ orc system uninstall',
];
const GONE = [`removed ${UNIT}`, 'removed the group orc', '$ orc system uninstall', 'nothing is installed'];

test.each([
  [
    'with',
    [
      ...INSTALLED,
      'enabled and started orc.service',
      ...AGAIN,
      'stopped and disabled orc.service',
      ...GONE,
      'systemctl daemon-reload',
      'systemctl enable --now orc.service',
      'systemctl disable --now orc.service',
      'systemctl daemon-reload',
    ],
  ],
  [
    'without',
    [
      ...INSTALLED,
      NONE_HERE,
      ...AGAIN,
      ...GONE,
      ...INSTALLED,
      NONE_HERE,
      '$ orc system uninstall',
      `removed ${UNIT}`,
      'left the group orc, as it has members: daemon',
      'orc:',
    ],
  ],
])('what install does, uninstall undoes, %s systemd', async (systemd, lines) => {
  const instance = makeInstance();
  try {
    const place = join(instance.folder, 'own');
    mkdirSync(place);
    const args = ['--mount', 'sh', '-c', IN_A_HOST_OF_ITS_OWN, 'sh', place, systemd];
    const env = { ...instance.env, ORC: join(repository, 'apps/orc/bin/orc') };
    const { stdout, stderr } = spawnSync('unshare', args, { env, encoding: 'utf8' });
    const root = instance.env['ORC_ROOT'] as string;
    expect(`${stdout}${stderr}`.trim().replaceAll(root, '$ROOT').split('\n')).toEqual(lines);
  } finally {
    await instance.purge();
  }
});
