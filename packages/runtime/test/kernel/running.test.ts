import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectCgroups } from '../../src/host/cgroups.ts';
import type { Running } from '../../src/index.ts';
import {
  ATTACH_OUT,
  collect,
  type Fixture,
  follow,
  IDLE,
  isRunning,
  openFixture,
  runShell,
  shell,
  shimOf,
  startReady,
} from './fixture.ts';
import { readLog, readLogs } from './logfile.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

const ALL = { stdin: true, stdout: true, stderr: true };

async function execText(
  running: Running,
  argv: readonly string[],
  more = {},
): Promise<{ code: number; out: string }> {
  const exec = await running.exec({ argv, tty: false, attach: ATTACH_OUT, ...more });
  const { out } = await collect(exec.attachment);
  return { code: (await exec.exited).code, out };
}

describe('stdio', () => {
  test('stdin reaches the program, and its end too', async () => {
    const running = await fixture.runtime.start(
      fixture.request({ command: ['cat'], openStdin: true }, { attach: ALL }),
    );
    const text = 'x'.repeat(3_000_000);
    const output = collect(running.attachment);
    await running.attachment?.write(Buffer.from(text));
    running.attachment?.closeStdin();
    expect((await output).out).toBe(text);
    expect((await running.exited).code).toBe(0);
  });

  test('without an open stdin the program reads the end at once', async () => {
    expect(await runShell(fixture, 'cat; echo end')).toMatchObject({ code: 0, out: 'end\n' });
  });

  test('a reader that is slow loses nothing', async () => {
    const running = await fixture.runtime.start(
      fixture.request(shell('dd if=/dev/zero bs=1M count=20 2>/dev/null; echo end'), { attach: ATTACH_OUT }),
    );
    let bytes = 0;
    for await (const chunk of running.attachment?.output ?? []) {
      bytes += chunk.data.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(20 * 2 ** 20 + 4);
  });

  test('two attach later and both see what comes', async () => {
    const running = await fixture.runtime.start(
      fixture.request({ ...shell('read line; echo got $line'), openStdin: true }),
    );
    const first = await running.attach(ALL);
    const second = await running.attach(ATTACH_OUT);
    await first.write(Buffer.from('it\n'));
    expect((await collect(first)).out).toBe('got it\n');
    expect((await collect(second)).out).toBe('got it\n');
    await running.exited;
  });

  test('input for a program that closed its own is lost, and nothing else', async () => {
    const line = (go: string): string =>
      `exec 0<&-; echo up; while [ ! -e ${go} ]; do sleep 0.02; done; exit 3`;
    const request = fixture.request({ ...shell(line('/last')), openStdin: true }, { attach: ALL });
    const running = await fixture.runtime.start(request);
    const seen = follow(running.attachment);
    await expect.poll(() => seen.text).toContain('up');
    await running.attachment?.write(Buffer.from('x'));
    const exec = await running.exec({ argv: ['sh', '-c', line('/first')], tty: false, attach: ALL });
    const inside = follow(exec.attachment);
    await expect.poll(() => inside.text).toContain('up');
    await exec.attachment.write(Buffer.from('x'));
    await execText(running, ['touch', '/first']);
    expect(await exec.exited).toEqual({ code: 3, timedOut: false });
    await execText(running, ['touch', '/last']);
    expect(await running.exited).toMatchObject({ code: 3, reason: 'exit' });
  });

  test('a program that ends before it read all of its input has its own code', async () => {
    const spec = { ...shell('head -c 1 >/dev/null; exit 5'), openStdin: true };
    for (let i = 0; i < 10; i += 1) {
      const running = await fixture.runtime.start(fixture.request(spec, { attach: ALL }));
      void running.attachment?.write(Buffer.alloc(3_000_000));
      expect(await running.exited).toMatchObject({ code: 5, reason: 'exit' });
    }
  });

  test('programs find every signal as a fresh process does', async () => {
    const command = ['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'];
    const none = 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n';
    expect((await runShell(fixture, '', { command })).out).toBe(none);
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    expect((await execText(running, command)).out).toBe(none);
    await running.kill();
    await running.exited;
  });

  test('a program may open /dev/stdout as a user', async () => {
    expect(await runShell(fixture, 'echo mine > /dev/stdout', { user: 'app' })).toMatchObject({
      out: 'mine\n',
    });
  });
});

describe('terminal', () => {
  test('has a size, follows resizes, and is the container’s own', async () => {
    const running = await fixture.runtime.start(
      fixture.request(
        {
          ...shell('tty; trap "stty size; exit 3" WINCH; echo ready; while :; do sleep 0.05; done'),
          tty: true,
        },
        { attach: ALL },
      ),
    );
    const seen = follow(running.attachment);
    await expect.poll(() => seen.text).toContain('ready');
    await running.resize(100, 40);
    expect((await running.exited).code).toBe(3);
    await expect.poll(() => seen.text).toContain('40 100');
    expect(seen.text).toContain('/dev/pts/0');
  });

  test('without one a resize is refused', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    await expect(running.resize(1, 1)).rejects.toThrow('has no terminal');
    await running.kill();
    await running.exited;
  });

  test('exec with a terminal', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const exec = await running.exec({
      argv: ['sh', '-c', 'tty; stty size; read x; stty size'],
      tty: true,
      attach: ALL,
    });
    await exec.resize(90, 30);
    await exec.attachment.write(Buffer.from('\n'));
    const { out } = await collect(exec.attachment);
    expect(out).toContain('/dev/pts/0');
    expect(out).toContain('30 90');
    expect((await exec.exited).code).toBe(0);
    await running.kill();
    await running.exited;
  });
});

describe('signals and ends', () => {
  test('TERM, then the trap’s code', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    await running.signal('SIGTERM');
    expect(await running.exited).toMatchObject({ code: 5, reason: 'exit' });
    await expect(running.signal('TERM')).rejects.toMatchObject({ problem: { code: 'conflict.state' } });
  });

  test('kill ends every process, and says by what', async () => {
    const running = await fixture.runtime.start(
      fixture.request(shell('sleep 100 & setsid sleep 100 & wait')),
    );
    await running.kill();
    expect(await running.exited).toMatchObject({
      code: 137,
      signal: 'SIGKILL',
      reason: 'signal',
      oomKilled: false,
    });
  });

  test('a paused container is killed', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    await running.pause();
    await running.kill();
    expect(await running.exited).toMatchObject({ code: 137 });
  });

  test('a memory hog ends with 137 and oom', async () => {
    const running = await fixture.runtime.start(
      fixture.request({ ...shell('tail /dev/zero'), resources: { memoryBytes: 20 * 2 ** 20 } }),
    );
    expect(await running.exited).toMatchObject({ code: 137, oomKilled: true, reason: 'oom' });
  });

  test('init hands on signals, reaps, and gives the program’s code', async () => {
    const running = await startReady(
      fixture.runtime,
      fixture.request({
        ...shell('trap "exit 9" TERM; (sleep 0.01 &) ; echo up; while :; do sleep 0.05; done'),
        init: true,
      }),
    );
    const { out } = await execText(running, [
      'sh',
      '-c',
      'for i in $(seq 100); do sleep 0.1; cat /proc/[0-9]*/stat | grep ") Z 1 " || break; done',
    ]);
    expect(out.split('\n').length).toBeLessThan(100);
    await running.signal('TERM');
    expect(await running.exited).toMatchObject({ code: 9 });
  });

  test('stats count', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const stats = await running.stats();
    expect(stats.pids).toBeGreaterThan(0);
    expect(stats.memoryBytes).toBeGreaterThan(0);
    await running.kill();
    await running.exited;
  });
});

const groupsOf = (status: string): string | undefined => /^Groups:\t(.*?) *$/m.exec(status)?.[1];

describe('exec', () => {
  test('codes, user, folder and environment', async () => {
    const running = await fixture.runtime.start(fixture.request({ ...IDLE, env: { A: '1', B: '2' } }));
    const line = 'id -u; id -g; id -G; pwd; echo $A $B $HOME; exit 4';
    const result = await execText(running, ['sh', '-c', line], {
      user: 'app',
      workingDir: '/data',
      env: { B: '3' },
    });
    expect(result).toEqual({ code: 4, out: '1000\n1001\n1001 2000\n/data\n1 3 /home/app\n' });
    await expect(execText(running, ['nowhere'])).rejects.toMatchObject({
      problem: { code: 'start.notfound' },
    });
    await expect(execText(running, ['/etc/passwd'])).rejects.toMatchObject({
      problem: { code: 'start.notexecutable' },
    });
    await running.kill();
    await running.exited;
  });

  test.each([
    [{ user: '1000:1001' }, '1001', '0'],
    [{ user: '1000:1001', groupAdd: ['44'] }, '44 1001', '0 44'],
    [{ user: 'app' }, '1001 2000', '0'],
    [{}, '0', '0'],
    [{ groupAdd: ['44', 'more'] }, '0 44 2000', '0 44 2000'],
  ])('the primary group is among the supplementary ones: %j', async (spec, groups, ofRoot) => {
    const running = await startReady(fixture.runtime, fixture.request({ ...IDLE, ...spec }));
    const read = async (user?: string): Promise<string | undefined> =>
      groupsOf(
        (await execText(running, ['cat', '/proc/self/status'], user === undefined ? {} : { user })).out,
      );
    expect(groupsOf(readFileSync(`/proc/${running.pid}/status`, 'utf8'))).toBe(groups);
    expect(await read()).toBe(groups);
    expect(await read('0')).toBe(ofRoot);
    await running.kill();
    await running.exited;
  });

  test.each([['a layer'], ['several layers'], ['a link']])(
    'root has the groups that the container’s files give it now, where its image has them in %s',
    async (where) => {
      const top = join(fixture.folder, where, 'top');
      mkdirSync(join(top, 'etc'), { recursive: true });
      if (where === 'several layers') writeFileSync(join(top, 'etc/group'), 'disk:x:6:root\n');
      if (where === 'a link') symlinkSync('/data/group', join(top, 'etc/group'));
      const request = fixture.request(IDLE);
      const layers = where === 'a layer' ? request.image.layers : [...request.image.layers, top];
      const again = { ...request, image: { ...request.image, layers } };
      const running = await startReady(fixture.runtime, again);
      const groups = async (each: Running): Promise<string> => (await execText(each, ['id', '-G'])).out;
      expect(await groups(running)).toBe(where === 'several layers' ? '0 6\n' : '0\n');
      await execText(running, ['sh', '-c', 'echo wheel:x:10:root > /etc/group']);
      expect(await groups(running)).toBe('0 10\n');
      await running.kill();
      await running.exited;
      const second = await startReady(fixture.runtime, again);
      expect(await groups(second)).toBe('0 10\n');
      expect(groupsOf(readFileSync(`/proc/${second.pid}/status`, 'utf8'))).toBe('0 10');
      await second.kill();
      await second.exited;
    },
  );

  test('its user is looked up where the container is: among its mounts, as they are now', async () => {
    const content = Buffer.from('root:x:0:0::/:/bin/sh\nmounted:x:88:99::/there:/bin/sh\n');
    const more = { uid: 0, gid: 0, mode: 0o644, secret: false };
    const mounts = [{ type: 'file', target: '/etc/passwd', content, ...more }] as const;
    const running = await startReady(fixture.runtime, fixture.request(IDLE, { mounts }));
    const line = ['sh', '-c', 'echo $(id -u) $(id -g) $(id -G) $HOME'];
    expect((await execText(running, line, { user: 'mounted' })).out).toBe('88 99 99 /there\n');
    await expect(execText(running, line, { user: 'app' })).rejects.toThrow('unable to find user "app"');
    await execText(running, ['sh', '-c', 'echo late:x:5000:mounted >> /etc/group']);
    expect((await execText(running, line, { user: 'mounted' })).out).toBe('88 99 99 5000 /there\n');
    await running.kill();
    await running.exited;
  });

  test('its limits are the host’s best, whatever shell began the daemon; an exec has the same', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const read = 'ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc';
    const own = readFileSync(`/proc/${running.pid}/limits`, 'utf8');
    const nofile = /^Max open files +(\d+) +(\d+)/m.exec(own);
    expect(nofile?.[1]).toBe(nofile?.[2]);
    expect(/^Max core file size +(\S+) +(\S+)/m.exec(own)?.slice(1)).toEqual(['unlimited', 'unlimited']);
    const { out } = await execText(running, ['sh', '-c', read]);
    expect(out).toBe(`${nofile?.[1]}\n${nofile?.[2]}\nunlimited\nunlimited\n`);
  });

  test('the container’s limits hold for it too', async () => {
    const ulimits = [{ name: 'nofile', soft: 123, hard: 456 }];
    const running = await startReady(fixture.runtime, fixture.request({ ...IDLE, ulimits }));
    expect((await execText(running, ['sh', '-c', 'ulimit -n; ulimit -Hn'])).out).toBe('123\n456\n');
    await running.kill();
    await running.exited;
  });

  /** Who was killed is gone once it has its turn on a processor. */
  const countOf = async (running: Running, pattern: string): Promise<string> =>
    (await execText(running, ['sh', '-c', `ps | grep -c "${pattern}"`])).out;

  test('a time limit kills the whole tree', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const exec = await running.exec({
      argv: ['sh', '-c', 'setsid sleep 77 & sleep 77'],
      tty: false,
      attach: ATTACH_OUT,
      timeoutMs: 150,
    });
    expect(await exec.exited).toEqual({ code: 137, timedOut: true });
    await expect.poll(() => countOf(running, '[s]leep 77')).toBe('0\n');
    await running.kill();
    await running.exited;
  });

  const groupsOfExecs = (id: string): readonly string[] => {
    const { v1, v2 } = detectCgroups();
    const roots = [...new Set([...Object.values(v1), ...(v2 === undefined ? [] : [v2])])];
    const folders = roots.map((root) => join(root, fixture.instance, id)).filter((each) => existsSync(each));
    return folders.flatMap((each) => readdirSync(each)).filter((name) => name.startsWith('exec-'));
  };

  test('with a time limit what it leaves behind ends with it, and its cgroup goes', async () => {
    const request = fixture.request(IDLE);
    const running = await startReady(fixture.runtime, request);
    const argv = ['sh', '-c', 'setsid sleep 78 & setsid sh -c "while :; do sleep 78; done" & exit 3'];
    const exec = await running.exec({ argv, tty: false, attach: ATTACH_OUT, timeoutMs: 60_000 });
    expect(await exec.exited).toEqual({ code: 3, timedOut: false });
    await expect.poll(() => countOf(running, '[s]leep 78')).toBe('0\n');
    await expect.poll(() => groupsOfExecs(request.id)).toEqual([]);
    await running.kill();
    await running.exited;
  });

  const childrenOf = (pid: number): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

  test('what it leaves behind may go on writing, and holds nothing once it has ended', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const wait = 'while [ ! -e /go ]; do sleep 0.02; done';
    const line = `(${wait}; echo late; echo late >&2; seq 1 200000; touch /alive) & echo now`;
    expect(await execText(running, ['sh', '-c', line])).toEqual({ code: 0, out: 'now\n' });
    const look = 'touch /go; for i in $(seq 200); do [ -e /alive ] && exit 0; sleep 0.1; done; exit 1';
    expect((await execText(running, ['sh', '-c', look])).code).toBe(0);
    await expect.poll(() => childrenOf(shimOf(running.pid))).toEqual([running.pid]);
    await running.kill();
    await running.exited;
  });

  test('what it leaves behind ends with the container, and its handler too', async () => {
    const request = fixture.request(IDLE);
    const running = await startReady(fixture.runtime, request);
    await execText(running, ['sh', '-c', 'while :; do echo x; sleep 0.01; done & exit 0']);
    const handlers = childrenOf(shimOf(running.pid)).filter((each) => each !== running.pid);
    expect(handlers.length).toBe(1);
    await running.kill();
    await running.exited;
    for (const each of handlers) await expect.poll(() => isRunning(each)).toBe(false);
  });

  test('goes on when its client goes', async () => {
    const running = await startReady(fixture.runtime, fixture.request(IDLE));
    const exec = await running.exec({
      argv: ['sh', '-c', 'sleep 0.2; touch /done'],
      tty: false,
      attach: ATTACH_OUT,
    });
    exec.attachment.close();
    const { code } = await execText(running, [
      'sh',
      '-c',
      'for i in $(seq 200); do [ -e /done ] && exit 0; sleep 0.1; done; exit 1',
    ]);
    expect(code).toBe(0);
    await running.kill();
    await running.exited;
  });
});

describe('log', () => {
  const log = (name: string, maxSizeBytes = 0, maxFiles = 1) => ({
    log: { folder: join(fixture.folder, 'logs', name), maxSizeBytes, maxFiles },
  });

  test('lines of both streams, long and unfinished ones', async () => {
    const line =
      'echo one; echo two >&2; printf "%20000s\\n" x; printf part; sleep 0.05; printf "ial\\n\\nlast"';
    await runShell(fixture, line, {}, log('plain'));
    const lines = readLog(join(fixture.folder, 'logs/plain/log'));
    const out = lines.filter((each) => each.stream === 1).map((each) => each.text);
    expect(out.map((each) => (each.length > 100 ? each.length : each))).toEqual([
      'one',
      20000,
      'partial',
      '',
      'last',
    ]);
    expect(lines.filter((each) => each.stream === 2).map((each) => each.text)).toEqual(['two']);
    expect(Number(lines[0]?.ns) / 1e6).toBeGreaterThan(Date.now() - 60_000);
  });

  test('is complete when the end is told', async () => {
    const running = await fixture.runtime.start(
      fixture.request(shell('i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done'), log('many')),
    );
    await running.exited;
    const lines = readLog(join(fixture.folder, 'logs/many/log'));
    expect(lines.length).toBe(20000);
    expect(lines.at(-1)?.text).toBe('line 19999');
  });

  test('a full disk drops and counts, and does not stop the program', async () => {
    const { execFileSync } = await import('node:child_process');
    const { mkdirSync, rmSync, writeFileSync } = await import('node:fs');
    const folder = join(fixture.folder, 'logs/full');
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'orc-test', folder]);
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(128 * 1024));
      const running = await fixture.runtime.start(
        fixture.request(
          { ...shell('read x; seq 1 100000; read x; echo after'), openStdin: true },
          log('full'),
        ),
      );
      const attached = await running.attach(ALL);
      const seen = follow(attached);
      await attached.write(Buffer.from('\n'));
      await expect.poll(() => seen.text).toContain('100000\n');
      rmSync(join(folder, 'ballast'));
      await attached.write(Buffer.from('\n'));
      await running.exited;
      const data = readFileSync(join(folder, 'log'));
      expect(data.length).toBeGreaterThan(10_000);
      const lines = readLog(join(folder, 'log'));
      expect(lines.at(-1)?.text).toBe('after');
      expect(lines.filter((each) => each.stream === 3).length).toBeGreaterThan(0);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test('a file that could not be made at a rotation is made later, and the loss is told', async () => {
    const { execFileSync } = await import('node:child_process');
    const { mkdirSync } = await import('node:fs');
    const folder = join(fixture.folder, 'logs/inodes');
    mkdirSync(folder, { recursive: true });
    // One for the folder, one for the log: after its renaming there is none for the next.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=2', 'orc-test', folder]);
    try {
      const line = 'while read n; do seq 1 $n; echo end $n; done';
      const request = fixture.request({ ...shell(line), openStdin: true }, log('inodes', 30_000, 2));
      const running = await fixture.runtime.start(request);
      const attached = await running.attach(ALL);
      const seen = follow(attached);
      const say = async (count: number): Promise<void> => {
        await attached.write(Buffer.from(`${count}\n`));
        await expect.poll(() => seen.text).toContain(`end ${count}\n`);
      };
      await say(1900);
      await say(1901);
      execFileSync('mount', ['-o', 'remount,nr_inodes=9', folder]);
      await say(2);
      attached.closeStdin();
      await running.exited;
      const lines = readLog(join(folder, 'log'));
      expect(lines.filter((each) => each.stream === 3).length).toBe(1);
      expect(lines.at(-1)?.text).toBe('end 2');
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test.each([
    [10_000, 1],
    [10_000, 3],
    [1_000, 2],
    [100_000, 2],
  ])(
    'keeps the newest lines within %i bytes a file, %i of them, though far more comes at once',
    async (bytes, files) => {
      const { readdirSync, statSync } = await import('node:fs');
      const folder = join(fixture.folder, `logs/small-${bytes}-${files}`);
      const running = await fixture.runtime.start(
        fixture.request(shell('seq 1 60000'), log(`small-${bytes}-${files}`, bytes, files)),
      );
      await running.exited;
      const names = readdirSync(folder).filter((each) => !each.endsWith('.idx'));
      expect(names.length).toBe(files);
      // The oldest may be the end of a line whose beginning went.
      const kept = readLogs(folder, names)
        .slice(1)
        .map(({ text }) => Number(text));
      expect(kept).toEqual(Array.from(kept, (_, at) => 60_000 - kept.length + 1 + at));
      for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(bytes);
      // Full ones are full: no record more would go in.
      for (const name of names.filter((each) => each !== 'log'))
        expect(statSync(join(folder, name)).size).toBeGreaterThan(bytes - 2 * 22);
    },
  );

  test('a line that is longer than a file has one of its own', async () => {
    const { readdirSync, statSync } = await import('node:fs');
    const folder = join(fixture.folder, 'logs/long-lines');
    const script = 'echo before; head -c 12000 /dev/zero | tr "\\0" x; echo; echo after';
    const running = await fixture.runtime.start(fixture.request(shell(script), log('long-lines', 5_000, 3)));
    await running.exited;
    const names = readdirSync(folder).filter((each) => !each.endsWith('.idx'));
    const whole = readLogs(folder, names).map(({ text }) => text);
    expect(whole).toEqual(['before', 'x'.repeat(12_000), 'after']);
    expect(statSync(join(folder, 'log')).size).toBeLessThanOrEqual(5_000);
  });

  test('rotates within its bound', async () => {
    const { readdirSync, statSync } = await import('node:fs');
    const running = await fixture.runtime.start(
      fixture.request(shell('yes 0123456789abcdef | head -c 3000000'), log('rotated', 300_000, 3)),
    );
    await running.exited;
    const folder = join(fixture.folder, 'logs/rotated');
    const names = readdirSync(folder).filter((each) => !each.endsWith('.idx'));
    expect(names.sort()).toEqual(['log', 'log.1', 'log.2']);
    for (const name of names) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(300_000);
      expect(readLog(join(folder, name)).length).toBeGreaterThan(100);
    }
  });
});
