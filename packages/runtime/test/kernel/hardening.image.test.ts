/** Images that aim at the host: links where mounts go, and targets that lead out. Each leaves the host's marker alone. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import type { ResolvedMount, StartRequest } from '../../src/index.ts';
import { ATTACH_OUT, collect, type Fixture, NATIVE, openFixture, shell } from './fixture.ts';

let fixture: Fixture;
let host: string;
beforeAll(async () => {
  fixture = await openFixture();
  host = mkdtempSync(join(fixture.folder, 'host-'));
  writeFileSync(join(host, 'marker'), 'untouched\n');
});
afterAll(async () => {
  await fixture?.close();
});

type Links = Readonly<Record<string, string>>;
let layers = 0;

/** Path in the image to the text of a link there. */
function evil(links: Links): string {
  layers += 1;
  const layer = join(fixture.folder, `evil-${layers}`);
  mkdirSync(layer);
  for (const [path, text] of Object.entries(links)) {
    mkdirSync(dirname(join(layer, path)), { recursive: true });
    symlinkSync(text, join(layer, path));
  }
  return layer;
}

async function run(
  line: string,
  layer: string,
  spec: Partial<ContainerSpec> = {},
  mounts: readonly ResolvedMount[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const plain = fixture.request({ ...shell(line), ...spec }, { attach: ATTACH_OUT, mounts });
  const request: StartRequest = {
    ...plain,
    image: { ...plain.image, layers: [...plain.image.layers, layer] },
  };
  const running = await fixture.runtime.start(request);
  const output = await collect(running.attachment);
  return { code: (await running.exited).code, ...output };
}

const hostIsUntouched = (): void => {
  expect(readdirSync(host)).toEqual(['marker']);
  expect(readFileSync(join(host, 'marker'), 'utf8')).toBe('untouched\n');
};
const volume = (target: string): ResolvedMount => {
  const source = mkdtempSync(join(fixture.folder, 'volume-'));
  chmodSync(source, 0o777);
  writeFileSync(join(source, 'inside'), 'volume\n');
  return { type: 'bind', source, target };
};
const refused = { problem: { code: expect.stringMatching(/^(start|input)\./) } };

describe('links where the kernel’s file systems go', () => {
  test.each(['proc', 'sys', 'dev'])(
    'CVE-2019-19921, CVE-2026-41579: /%s is a link to a folder of the host',
    async (name) => {
      await expect(run('true', evil({ [name]: host }))).rejects.toMatchObject(refused);
      hostIsUntouched();
    },
  );

  test.each(['/tmp', '../../../../../../tmp', '/etc'])('/proc is a link to %s of the image', async (text) => {
    await expect(run('true', evil({ proc: text }))).rejects.toMatchObject(refused);
  });

  test.each([
    '/proc',
    '/proc/self',
    '/proc/../proc',
    '//proc/',
    '/./proc',
    '/sys',
    '/',
    '/a/../proc',
    'relative',
  ])('CVE-2019-16884: no volume on %s', async (target) => {
    await expect(run('true', evil({}), {}, [volume(target)])).rejects.toMatchObject(refused);
  });

  test('CVE-2023-27561: no volume on a link to /proc either', async () => {
    const { out } = await run(
      'head -n 1 /proc/self/status; ls /proc | grep -c inside',
      evil({ p: '/proc' }),
      {},
      [volume('/data')],
    );
    expect(out).toMatch(/^Name:/);
    await expect(run('true', evil({ p: '/proc' }), {}, [volume('/p')])).rejects.toMatchObject(refused);
  });
});

describe('links where files and volumes go', () => {
  test.each(['hosts', 'hostname', 'resolv.conf'])(
    'CVE-2019-18837: /etc/%s is a link to a file of the host',
    async (name) => {
      const layer = evil({ [`etc/${name}`]: join(host, 'marker') });
      const ended = await run(`cat /etc/${name}; echo changed > /etc/${name}`, layer).catch(() => undefined);
      expect(ended?.out ?? '').not.toContain('untouched');
      hostIsUntouched();
    },
  );

  test.each(['absolute', 'climbing'])(
    'CVE-2021-30465: a volume’s target is an %s link to the host',
    async (kind) => {
      const text = kind === 'absolute' ? host : `../../../../../../../..${host}`;
      const ended = await run('cat /to/inside; touch /to/made', evil({ to: text }), {}, [
        volume('/to'),
      ]).catch(() => undefined);
      expect(ended === undefined || ended.out === 'volume\n').toBe(true);
      hostIsUntouched();
    },
  );

  test('CVE-2024-45310: missing parents below a link are not made on the host', async () => {
    await run('true', evil({ to: host }), {}, [volume('/to/a/b/c')]).catch(() => undefined);
    hostIsUntouched();
  });

  test('a link within the image works: /var/run to /run', async () => {
    const { out } = await run('cat /run/app/inside', evil({ 'var/run': '/run' }), {}, [
      volume('/var/run/app'),
    ]);
    expect(out).toBe('volume\n');
  });

  test('CVE-2025-31133: /dev/null of the image masks nothing', async () => {
    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const { out, code } = await run(
      'cat /proc/kcore 2>&- | head -c 1 | wc -c; echo x > /dev/null; test -c /dev/null',
      evil({
        'dev/null': '/proc/sys/kernel/core_pattern',
      }),
    );
    expect({ out: out.trim(), code }).toEqual({ out: '0', code: 0 });
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(pattern);
  });

  test('a working folder that is a link stays inside', async () => {
    const { out } = await run('ls', evil({ w: host }), { workingDir: '/w' }).catch(() => ({ out: '' }));
    expect(out).not.toContain('marker');
    hostIsUntouched();
  });

  test('/etc/passwd is a link to the host’s', async () => {
    const user = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith('daemon:'));
    expect(user).toBeDefined();
    await expect(
      run('id', evil({ 'etc/passwd': '../../../../../../../../etc/passwd' }), { user: 'daemon' }),
    ).rejects.toMatchObject({
      problem: { code: 'input.invalid' },
    });
  });
});

test('CVE-2019-5736: /proc/self/exe as the program leaves the launcher as it is', async () => {
  const digest = (): string =>
    createHash('sha256')
      .update(readFileSync(join(NATIVE, 'build/orc-launch')))
      .digest('hex');
  const before = digest();
  const layer = join(fixture.folder, 'exe');
  mkdirSync(join(layer, 'bin'), { recursive: true });
  writeFileSync(join(layer, 'bin/self'), '#!/proc/self/exe\n', { mode: 0o755 });
  const loop = 'for i in $(seq 200); do : > /proc/1/exe; done 2>&-; true';
  await run(loop, layer, { init: true });
  const ended = await run('', layer, { command: ['/bin/self'] }).catch(() => undefined);
  expect(ended?.code).not.toBe(0);
  expect(digest()).toBe(before);
});

test('CVE-2021-41103: other users cannot look into a container’s folder', async () => {
  const request = fixture.request({ command: ['sleep', '100'] });
  const running = await fixture.runtime.start(request);
  const open = [request.folder, join(request.folder, '..')].filter(
    (path) => (statSync(path).mode & 0o007) !== 0,
  );
  await running.kill();
  await running.exited;
  expect(open).toEqual([]);
});
