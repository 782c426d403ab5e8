/** What needs time or a file system: merged logs, build contexts, Ctrl-C. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@orc/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { walkContext } from '../src/context/walk.ts';
import { splitLines } from '../src/project/lines.ts';
import { createMerger } from '../src/project/merge.ts';
import { unheard } from '../src/verbs/resume.ts';
import { openTerminal } from './cli.ts';

test('the past of several sources comes in the order of time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(99), { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async (all) => {
        const printed: string[] = [];
        const merger = createMerger((line) => void printed.push(line.time));
        for (const times of all) {
          const source = merger.source();
          for (const time of [...times].sort((a, b) => a - b))
            void source.push({ name: 'x', stream: 'stdout', time: String(time).padStart(2, '0'), text: '' });
          source.end();
        }
        await merger.flush();
        expect(printed).toEqual(
          all
            .flat()
            .map((time) => String(time).padStart(2, '0'))
            .sort(),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('of what comes again nothing is heard twice and nothing is missed, wherever chunks end', async () => {
  const said = 'one\ntwo\nthree\n';
  await fc.assert(
    fc.asyncProperty(fc.nat(said.length), fc.nat(said.length), fc.nat(9), async (heard, cut, other) => {
      async function* again(): AsyncGenerator<{ stream: 'stdout' | 'stderr'; data: Uint8Array }> {
        yield { stream: 'stdout', data: Buffer.from(said.slice(0, cut)) };
        yield { stream: 'stderr', data: Buffer.from('x'.repeat(9)) };
        yield { stream: 'stdout', data: Buffer.from(said.slice(cut)) };
      }
      const rest = { stdout: '', stderr: '' };
      for await (const { stream, data } of unheard(again(), { stdout: heard, stderr: other }))
        rest[stream] += Buffer.from(data).toString();
      expect(rest).toEqual({ stdout: said.slice(heard), stderr: 'x'.repeat(9 - other) });
    }),
  );
});

test('a source that is silent does not hold the others back', async () => {
  const first = Promise.withResolvers<string>();
  const merger = createMerger((line) => first.resolve(line.text));
  merger.source();
  void merger.source().push({ name: 'x', stream: 'stdout', time: '1', text: 'now' });
  expect(await first.promise).toBe('now');
});

test('lines are whole, wherever chunks end, and each stream has its own', async () => {
  async function* chunks(): AsyncGenerator<{ stream: 'stdout' | 'stderr'; data: Uint8Array }> {
    const euro = Buffer.from('€\r\nlast');
    yield { stream: 'stdout', data: Buffer.from('one\ntw') };
    yield { stream: 'stderr', data: Buffer.from('err\n') };
    yield { stream: 'stdout', data: Buffer.concat([Buffer.from('o\n'), euro.subarray(0, 2)]) };
    yield { stream: 'stdout', data: euro.subarray(2) };
  }
  expect((await Array.fromAsync(splitLines(chunks()))).map((line) => line.text)).toEqual([
    'one',
    'err',
    'two',
    '€',
    'last',
  ]);
});

test('a context leaves out what .dockerignore says, and keeps what it excepts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-context-'));
  try {
    for (const each of ['src', 'node_modules/a', 'docs/keep'])
      mkdirSync(join(folder, each), { recursive: true });
    for (const each of [
      'Dockerfile',
      'src/a.ts',
      'src/a.log',
      'node_modules/a/x',
      'docs/x.md',
      'docs/keep/y.md',
    ])
      writeFileSync(join(folder, each), each);
    chmodSync(join(folder, 'src/a.ts'), 0o755);
    symlinkSync('a.ts', join(folder, 'src/link'));
    writeFileSync(join(folder, '.dockerignore'), 'node_modules\n**/*.log\ndocs\n!docs/keep\nDockerfile\n');
    const files = walkContext(folder, 'Dockerfile');
    expect(files.map((file) => file.path)).toEqual([
      '.dockerignore',
      'Dockerfile',
      'docs',
      'docs/keep',
      'docs/keep/y.md',
      'src',
      'src/a.ts',
      'src/link',
    ]);
    expect(files.find((file) => file.path === 'src/a.ts')).toMatchObject({
      type: 'file',
      mode: 0o755,
      size: 8,
    });
    expect(files.find((file) => file.path === 'src/link')).toMatchObject({
      type: 'symlink',
      linkname: 'a.ts',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the Dockerfile and what says what is left out are sent wherever they lie', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-context-'));
  try {
    for (const each of ['build/[app]', 'build/deep']) mkdirSync(join(folder, each), { recursive: true });
    for (const each of ['build/[app]/Dockerfile', 'build/other', 'f'])
      writeFileSync(join(folder, each), each);
    writeFileSync(join(folder, 'build/[app]/Dockerfile.dockerignore'), 'build\n');
    expect(walkContext(folder, 'build/[app]/Dockerfile').map((file) => file.path)).toEqual([
      'build',
      'build/[app]',
      'build/[app]/Dockerfile',
      'build/[app]/Dockerfile.dockerignore',
      'f',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('Ctrl-C in a foreground up stops the project and ends with 130', async () => {
  await using terminal = await openTerminal();
  const raise = Promise.withResolvers<(name: NodeJS.Signals) => boolean>();
  const running = terminal.run(['up'], { signals: raise.resolve });
  const send = await raise.promise;
  while (
    [...terminal.memory.containers.values()].filter((row) => row.container.status === 'running').length < 2
  )
    await new Promise((resolve) => setTimeout(resolve, 10));
  while (!send('SIGINT')) await new Promise((resolve) => setTimeout(resolve, 10));
  const { code, stderr } = await running;
  expect(code).toBe(130);
  expect(stderr).toContain('Gracefully stopping... (press Ctrl+C again to force)');
  expect([...terminal.memory.containers.values()].map((row) => row.container.status)).toEqual([
    'exited',
    'exited',
  ]);
});

test('up ends with the status of the service that was asked for', async () => {
  await using terminal = await openTerminal();
  const running = terminal.run(['up', '--exit-code-from', 'web']);
  const rows = (): { name: string; id: string; status: string }[] =>
    [...terminal.memory.containers.values()].map((row) => row.container);
  while (rows().filter((row) => row.status === 'running').length < 2)
    await new Promise((resolve) => setTimeout(resolve, 10));
  terminal.memory.exit(rows().find((row) => row.name === 'shop-web-1')?.id ?? '', 9);
  const { code, stdout } = await running;
  expect([code, stdout]).toEqual([9, expect.stringContaining('web-1  | exited with code 9')]);
});

test('a value of an option before the command is no command', async () => {
  await using terminal = await openTerminal();
  const { stdout } = await terminal.run(['completion', 'bash']);
  const script = `${stdout}
orc() { echo "asked: $*" >&2; echo web; }
COMP_WORDS=(orc -f other.yaml --profile=x logs ""); COMP_CWORD=5
_orc; echo "\${COMPREPLY[@]}"`;
  expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('web\n');
});

test('completions are scripts that their shell takes', async () => {
  await using terminal = await openTerminal();
  const { stdout } = await terminal.run(['completion', 'bash']);
  const asked = `${stdout}\nCOMP_WORDS=(orc container r); COMP_CWORD=2; _orc; echo "\${COMPREPLY[@]}"`;
  const { stdout: offered, status } = spawnSync('bash', ['-c', asked], { encoding: 'utf8' });
  expect([status, offered.trim().split(' ')]).toEqual([0, ['run', 'restart', 'rm']]);
  expect((await terminal.run(['completion', 'fish'])).stdout).toContain("-a 'run'".replaceAll("'", ''));
});

test('an input is passed to the program, and what is not a terminal is not asked', async () => {
  await using terminal = await openTerminal();
  const { stdout, code } = await terminal.run(['container', 'run', '-i', '--rm', 'busybox', 'cat'], {
    input: 'some words\n',
  });
  expect([code, stdout]).toEqual([0, 'some words\n']);
});

test('no daemon: only root can start one, and only on its own socket', async () => {
  await using terminal = await openTerminal();
  const env = {
    ORC_HOST: '',
    ORC_RUN: join(terminal.door.folder, 'nowhere'),
    ORC_ROOT: terminal.door.folder,
  };
  const asUser = await terminal.run(['container', 'ls'], { env, uid: 1000 });
  expect([asUser.code, asUser.stderr]).toEqual([1, expect.stringContaining('only root can start one')]);
  const elsewhere = await terminal.run(['-H', 'unix:///nowhere/orc.sock', 'container', 'ls']);
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    1,
    expect.stringContaining('no daemon answers on /nowhere/orc.sock'),
  ]);
});

test('each problem of a project is said with its own hint', async () => {
  await using terminal = await openTerminal();
  const others = [{ code: 'input.invalid', message: 'the second', hint: 'mend it too' }] as const;
  const putProject = (): Promise<never> =>
    Promise.reject(fail('conflict.port', 'the first', { hint: 'mend it', others }));
  Object.assign(terminal.memory, { putProject });
  const { stderr, code } = await terminal.run(['up', '-d']);
  expect(stderr).toBe('error: the first\n  hint: mend it\nerror: the second\n  hint: mend it too\n');
  expect(code).toBe(2);
});

test('an archive that is none is not called a damaged one', async () => {
  await using terminal = await openTerminal();
  async function* loadImage(): AsyncGenerator<unknown> {
    const message = 'damaged tar archive: checksum is not an octal number';
    yield { status: '', problem: { code: 'image.invalid', message } };
  }
  Object.assign(terminal.memory, { loadImage });
  const { stderr, code } = await terminal.run(['image', 'load'], { input: 'root:x:0:0' });
  expect(stderr).toMatch(/^error: standard input is not an image archive\n {2}hint: .*"orc image save"/);
  expect(code).toBe(2);
});

test.each([
  [['run', '-it', 'web', 'true'], true],
  [['run', '--tty', '-d', 'web', 'true'], true],
  [['run', '-T', 'web', 'true'], false],
  [['run', '--no-TTY', 'web', 'true'], false],
  [['run', 'web', 'true'], false],
])('%j gives the program a terminal: %s', async (argv, expected) => {
  await using terminal = await openTerminal();
  expect(await terminal.run([...argv.slice(0, 1), '--no-deps', ...argv.slice(1)])).toMatchObject({ code: 0 });
  expect([...terminal.memory.containers.values()].at(-1)?.container.spec.tty).toBe(expected);
});

test.each([
  ['echo -n "a b"', ['zz'], { entrypoint: ['echo', '-n', 'a b'], command: ['zz'] }],
  ["sh -c 'echo $0; exit 3' x", [], { entrypoint: ['sh', '-c', 'echo $0; exit 3', 'x'], command: [] }],
  ['a\\ b', ['zz'], { entrypoint: ['a b'], command: ['zz'] }],
  ['', ['sh'], { entrypoint: [], command: ['sh'] }],
])('run --entrypoint %j is split as a shell does', async (line, command, spec) => {
  await using terminal = await openTerminal();
  const argv = ['run', '-d', '--no-deps', '--entrypoint', line, 'web', ...command];
  expect(await terminal.run(argv)).toMatchObject({ code: 0 });
  expect([...terminal.memory.containers.values()].at(-1)?.container.spec).toMatchObject(spec);
});

test('run --entrypoint with an open quote is refused', async () => {
  await using terminal = await openTerminal();
  const { code, stderr } = await terminal.run(['run', '--entrypoint', 'echo "a', 'web']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('--entrypoint echo "a: a quote is not closed')]);
});

test('run takes --tty or --no-tty', async () => {
  await using terminal = await openTerminal();
  const { code, stderr } = await terminal.run(['run', '-t', '-T', 'web', 'true']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('--tty and --no-tty exclude each other')]);
});

// As docker compose: what is no terminal for the output gets none, however much it is asked for.
test.each([
  [['-it'], true, 2],
  [['-it'], false, 0],
  [['-it', '-T'], true, 0],
  [[], true, 0],
])(
  'exec %j where only the output may be a terminal (%s) ends with %i',
  async (flags, isTerminal, expected) => {
    await using terminal = await openTerminal();
    await terminal.run(['up', '-d']);
    const ran = await terminal.run(['exec', ...flags, 'web', 'true'], { terminal: isTerminal });
    expect(ran).toMatchObject({
      code: expected,
      stderr: expected === 0 ? '' : expect.stringContaining('standard input is no terminal'),
    });
  },
);
