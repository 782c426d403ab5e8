/** `orc image build` against a real daemon: contexts and Dockerfiles from standard input, hosts, secrets. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
let cwd: string;

beforeAll(() => {
  cwd = join(lab.instance.folder, 'app');
  mkdirSync(join(cwd, 'sub'), { recursive: true });
  const dockerfile = 'FROM busybox\nCOPY . /app\nRUN find /app -type f | sort\n';
  const files = {
    Dockerfile: dockerfile,
    'sub/other': 'FROM busybox\nRUN echo other\n',
    'a.txt': 'a',
    b: 'b',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  writeFileSync(join(cwd, '.dockerignore'), 'b\n');
});

type Input = string | Uint8Array;
const build = (args: readonly string[], input: Input = ''): CommandResult =>
  lab.instance.orc(['--progress', 'plain', 'image', 'build', ...args], { cwd, input });
const tarOf = (...args: readonly string[]): Uint8Array =>
  spawnSync('tar', ['-C', cwd, '-c', ...args], { maxBuffer: 1 << 26 }).stdout;

describe('standard input', SLOW, () => {
  test('is a Dockerfile, with nothing to copy from', () => {
    const { code, stderr } = build(['-t', 'typed', '-'], 'FROM busybox\nRUN echo from-$((40 + 2))\n');
    expect([code, stderr]).toEqual([0, expect.stringContaining('from-42')]);
    expect(build(['-'], 'FROM busybox\nCOPY a.txt /\n').stderr).toMatch(/Dockerfile:2:.*a\.txt/);
  });

  test('is a Dockerfile for a folder', () => {
    const { code, stderr } = build(['-f', '-', '.'], 'FROM busybox\nCOPY a.txt /\nRUN cat /a.txt | tr a X\n');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^\S*.*X$/m)]);
  });

  test.each([[], ['-z'], ['-j'], ['-J']])('is an archive of the context: tar %s', (...flags) => {
    const { code, stderr } = build(['--no-cache', '-'], tarOf(...flags, '.'));
    expect([code, stderr]).toEqual([0, expect.stringContaining('/app/a.txt')]);
    expect(stderr).not.toMatch(/\/app\/b$/m);
    expect(build(['-f', 'sub/other', '-'], tarOf(...flags, '.'))).toMatchObject({ code: 0 });
  });

  test('gives an archive once, and nothing of it stays', () => {
    build(['-'], tarOf('.'));
    const kept = spawnSync('find', [join(lab.instance.folder, 'root/contexts'), '-name', 'archive-*']);
    expect(kept.stdout.toString()).toBe('');
  });

  test('is refused where it is two things, or no Dockerfile can be found', () => {
    const shown = (args: readonly string[], input: Input): readonly unknown[] => {
      const { code, stderr } = build(args, input);
      return [code, stderr.split('\n').find((line) => line.includes('error:'))];
    };
    expect(shown(['-f', '-', '-'], '')).toEqual([
      2,
      'error: standard input cannot be the Dockerfile and the context',
    ]);
    expect(shown(['-f', 'x', '-'], 'FROM busybox\n')).toEqual([
      2,
      'error: standard input is a Dockerfile, and --file names x',
    ]);
    expect(shown(['-f', 'x', '-'], tarOf('.'))).toEqual([2, 'error: the build context has no x']);
    expect(shown(['-'], tarOf('.').subarray(0, 600))[0]).toBe(1);
  });

  test('leads to no file of the host, whatever links are in the archive', () => {
    const evil = join(lab.instance.folder, 'evil');
    mkdirSync(evil);
    symlinkSync('/etc/passwd', join(evil, 'Dockerfile'));
    const archive = spawnSync('tar', ['-C', evil, '-c', '.']).stdout;
    const { code, stderr } = build(['-'], archive);
    expect([code, stderr]).toEqual([2, expect.stringContaining('the build context has no Dockerfile')]);
    expect(stderr).not.toContain('root:');
  });
});

test('further hosts are those of the steps', SLOW, () => {
  const text = 'FROM busybox\nRUN grep -c "10.1.2.3.*db" /etc/hosts && echo seen-it\n';
  const { code, stderr } = build(['--no-cache', '--add-host', 'db:10.1.2.3', '-'], text);
  expect([code, stderr]).toEqual([0, expect.stringContaining('seen-it')]);
});

test('steps have the rights of a container, and none can be asked for (CVE-2024-23653)', SLOW, () => {
  const said = 'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status';
  const { code, stderr } = build(['--no-cache', '-'], `FROM busybox\nRUN ${said}\n`);
  expect(code, stderr).toBe(0);
  const { stdout } = lab.instance.orc(['container', 'run', '--rm', 'busybox', 'sh', '-c', said]);
  const rights = stdout.trim().split('\n');
  expect(rights).toHaveLength(7);
  expect(
    rights.filter((line) => !stderr.replaceAll(/\s+/g, ' ').includes(line.replaceAll(/\s+/g, ' '))),
  ).toEqual([]);
  const insecure = build(['-'], 'FROM busybox\nRUN --security=insecure true\n');
  expect([insecure.code, insecure.stderr]).toEqual([2, expect.stringContaining('insecure is not granted')]);
  const frontend = build(['-'], '# syntax=docker.io/evil/frontend\nFROM busybox\n');
  expect([frontend.code, frontend.stderr]).toEqual([2, expect.stringContaining('frontend')]);
});

test('sources and targets of caches are taken, and it is said that they are not used', SLOW, () => {
  const { code, stderr } = build(
    ['--cache-from', 'app:old', '--cache-to', 'type=inline', '-'],
    'FROM busybox\n',
  );
  expect(code).toBe(0);
  expect(stderr).toContain(
    'warning: --cache-from app:old is not used: steps come from the cache of this host',
  );
  expect(stderr).toContain('warning: --cache-to type=inline is not used');
});

describe('a secret', SLOW, () => {
  const VALUE = `hush-${'5'.repeat(24)}`;
  const STEP = 'RUN --mount=type=secret,id=token,required --mount=type=secret,id=word,env=WORD';
  const TEXT = `FROM busybox\n${STEP} stat -c "%a %u" /run/secrets/token && wc -c < /run/secrets/token && test "$WORD" = "$(cat /run/secrets/token)"\n`;

  test('reaches the step that asks for it, and stays nowhere', () => {
    writeFileSync(join(lab.instance.folder, 'token'), VALUE);
    const args = ['-t', 'hushed', '--secret', 'id=token,src=../token', '--secret', 'id=word,env=SAID', '-'];
    const { code, stderr } = lab.instance.orc(['--progress', 'plain', 'image', 'build', ...args], {
      cwd,
      input: TEXT,
      env: { SAID: VALUE },
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining('400 0')]);
    expect(stderr).toContain('29');
    const shown = ['inspect', 'history'].map((verb) => lab.instance.orc(['image', verb, 'hushed']).stdout);
    expect(shown.join('')).not.toContain(VALUE);
    const root = join(lab.instance.folder, 'root');
    const found = spawnSync('grep', ['-rlaF', VALUE, root, join(lab.instance.folder, 'daemon.log')], {
      encoding: 'utf8',
    });
    expect([found.status, found.stdout]).toEqual([1, '']);
    expect(lab.instance.orc(['container', 'run', '--rm', 'hushed', 'ls', '/run/secrets']).code).not.toBe(0);
  });

  test('that a step needs has to be given, and be there', () => {
    const missing = build(['--no-cache', '-'], TEXT);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('the build was not given the secret token, which the step needs'),
    ]);
    const gone = build(['--secret', 'id=token,src=nosuch', '-'], TEXT);
    expect([gone.code, gone.stderr]).toEqual([
      2,
      expect.stringMatching(/nosuch of the secret token is not there/),
    ]);
  });
});

describe('what is left out', SLOW, () => {
  const made = (name: string, files: Readonly<Record<string, string>>): string => {
    const folder = join(lab.instance.folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  };
  const listed = (folder: string): readonly string[] => {
    const { code, stderr } = build(['-t', 'left', folder]);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const { stdout } = lab.instance.orc([
      'container',
      'run',
      '--rm',
      'left',
      'sh',
      '-c',
      'cd /src && find . -type f',
    ]);
    return stdout.trim().split('\n').sort();
  };

  test('may change between builds: what comes back below a folder that is out is there each time', () => {
    const COPY_ALL = 'FROM busybox\nCOPY . /src\n';
    const folder = made('rules', { f: 'a', 'sub/h': 'b', Dockerfile: COPY_ALL, '.dockerignore': 'x\n' });
    const all = ['./.dockerignore', './Dockerfile', './f', './sub/h'];
    expect(listed(folder)).toEqual(all);
    for (const rules of ['sub\n!sub/h\n', 'y\n', '*\n!sub/h\n', 'z\n']) {
      writeFileSync(join(folder, '.dockerignore'), rules);
      expect(listed(folder), rules).toEqual(rules.startsWith('*') ? ['./sub/h'] : all);
    }
  });

  test('is what Dockerfile.dockerignore says of the Dockerfile too, also where its path is absolute', () => {
    const folder = made('own', { f: 'a', Dockerfile: 'FROM busybox\nCOPY . /src\n' });
    writeFileSync(join(folder, 'Dockerfile.dockerignore'), '*\n!f\n');
    expect(listed(folder)).toEqual(['./f']);
    const { code, stderr } = build(['-f', join(folder, 'Dockerfile'), '--no-cache', '-t', 'left', folder]);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const { stdout } = lab.instance.orc(['container', 'run', '--rm', 'left', 'ls', '/src']);
    expect(stdout).toBe('f\n');
  });
});
