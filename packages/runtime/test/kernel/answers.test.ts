/** Nobody waits for ever: for a shim that was stopped, a launcher that says nothing, or one that says what is not understood. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChannel } from '../../src/host/channel.ts';
import { detectCgroups } from '../../src/host/cgroups.ts';
import { type Launcher, openLauncher } from '../../src/host/launcher.ts';
import { connect, FRAME, nextFrame } from '../../src/host/wire.ts';
import { planOf } from '../../src/plan/ops.ts';
import { clock, ATTACH_OUT, type Fixture, IDLE, NATIVE, openFixture, shimOf, startReady } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const noRoom = {
  problem: { code: 'start.failed', message: expect.stringContaining('cannot make a process: EAGAIN') },
};
const timeout = { problem: { code: 'timeout', retry: true } };
const newer = { problem: { code: 'conflict.version', message: expect.stringContaining('99') } };
const PROGRAM = join(NATIVE, 'build/orc-launch');

describe('a stopped shim', () => {
  test('neither signals nor adoption wait for it; its container is killed, and its end told later', async () => {
    const request = fixture.request(IDLE);
    const running = await startReady(fixture.runtime, request);
    const shim = shimOf(running.pid);
    process.kill(shim, 'SIGSTOP');
    try {
      const asked = [
        running.signal('TERM'),
        running.resize(1, 1),
        fixture.runtime.adopt(request.id, request.folder),
      ];
      for (const each of await Promise.allSettled(asked))
        expect(each).toMatchObject({ status: 'rejected', reason: timeout });
      await running.kill();
    } finally {
      process.kill(shim, 'SIGCONT');
    }
    expect((await running.exited).reason).toMatch(/exit|signal/);
  }, 60_000);
});

/** Answers each connection with these bytes, whatever it says. */
async function withServer(
  bytes: Buffer,
  name: string,
  work: (folder: string, server: Server) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-answers-'));
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(bytes));
  });
  server.listen(join(folder, name));
  await once(server, 'listening');
  try {
    await work(folder, server);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, payload]);
}

const started = (protocol: number): Buffer => {
  const payload = Buffer.alloc(24);
  payload.writeUInt32LE(protocol, 0);
  payload.writeUInt32LE(process.pid, 4);
  return frame(FRAME.started, payload);
};

describe('what is not understood', () => {
  test('a shim of a newer version is left alone, and said to be one', async () => {
    await withServer(started(99), 'shim.sock', async (folder) => {
      await expect(fixture.runtime.adopt(fixture.request().id, folder)).rejects.toMatchObject(newer);
    });
  });

  test.each([0, 3, 23])('a hello of %i bytes is a problem, not a fault of ours', async (length) => {
    await withServer(frame(FRAME.started, Buffer.alloc(length)), 'shim.sock', async (folder) => {
      await expect(fixture.runtime.adopt(fixture.request().id, folder)).rejects.toMatchObject({
        problem: { code: 'start.failed' },
      });
    });
  });

  test('an end of too few bytes is none', async () => {
    await withServer(frame(FRAME.exited, Buffer.alloc(5)), 'x', async (folder) => {
      const connection = await connect(folder, 'x');
      const channel = openChannel(connection, 100);
      await expect(channel.hello()).rejects.toMatchObject(timeout);
      expect(await channel.ended).toBeUndefined();
      channel.close();
    });
  });

  test.each([FRAME.ok, FRAME.failed, 77])('a launcher’s short answer of type %i', async (type) => {
    await withServer(frame(type, Buffer.alloc(3)), 'launcher.sock', async (run) => {
      await expect(
        openLauncher({ clock, program: PROGRAM, run, root: run, cgroupFiles: () => [] }),
      ).rejects.toMatchObject({
        problem: { code: 'start.failed' },
      });
    });
  });

  test.each([
    ['exit', { schema: 99, attempt: 1, code: 0, signal: 0, oom: false, at: 1 }],
    ['exit', { schema: 1, attempt: 1, code: 7, signal: 0, oom: false, at: 1 }],
  ])('%s with %j', async (name, record) => {
    const folder = mkdtempSync(join(fixture.folder, 'written-'));
    writeFileSync(join(folder, name), JSON.stringify(record));
    const adopted = fixture.runtime.adopt(fixture.request().id, folder);
    if (record.schema === 1) expect(await adopted).toMatchObject({ state: 'exited', exit: { code: 7 } });
    else await expect(adopted).rejects.toMatchObject(newer);
  });

  test('a container that a newer daemon started runs on, and takes no exec of ours', async () => {
    const request = fixture.request(IDLE);
    const running = await startReady(fixture.runtime, request);
    const path = join(request.folder, 'context.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), schema: 99 }));
    const exec = running.exec({ argv: ['true'], tty: false, attach: ATTACH_OUT });
    await expect(exec).rejects.toMatchObject(newer);
    await running.signal('TERM');
    expect(await running.exited).toMatchObject({ code: 5 });
  });
});

describe('a launcher of its own', () => {
  let folder: string;
  let launcher: Launcher;
  const { v1 } = detectCgroups();
  const group = join(v1['pids'] ?? '/nonexistent', `orc-answers-${randomBytes(3).toString('hex')}`);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orc-answers-'));
    if (v1['pids'] !== undefined) mkdirSync(group);
    const cgroupFiles = (): readonly string[] => (v1['pids'] === undefined ? [] : [join(group, 'tasks')]);
    launcher = await openLauncher({
      clock,
      program: PROGRAM,
      run: join(folder, 'run'),
      root: folder,
      cgroupFiles,
    });
  });
  afterAll(async () => {
    await launcher.shutdown();
    rmSync(folder, { recursive: true, force: true });
    if (v1['pids'] !== undefined) await removeEmptied(group);
  });

  test('a plan that does not come to its end is given up', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    const holder = spawn('flock', [locked, 'sh', '-c', 'echo held; exec sleep 100']);
    await once(holder.stdout, 'data');
    const plan = planOf([{ op: 'lock', folder: locked }]);
    await expect(launcher.run(plan, 200)).rejects.toMatchObject(timeout);
    const { connection } = await launcher.open();
    await expect(nextFrame(connection, 'it', 100)).rejects.toMatchObject(timeout);
    await expect.poll(() => connection.closed).toBe(true);
    // flock(1) executes nothing but a child, which holds the lock too.
    execFileSync('pkill', ['-KILL', '-P', String(holder.pid)]);
    await once(holder, 'close');
    expect(await launcher.run(plan, 20_000)).toEqual([]);
  });

  test.skipIf(v1['pids'] === undefined)(
    'without room for a process it says so, and then goes on',
    async () => {
      const plan = planOf([]);
      writeFileSync(join(group, 'pids.max'), '1');
      try {
        for (let i = 0; i < 20; i += 1) await expect(launcher.run(plan)).rejects.toMatchObject(noRoom);
        await expect(launcher.open()).rejects.toMatchObject(noRoom);
      } finally {
        writeFileSync(join(group, 'pids.max'), 'max');
      }
      expect(await launcher.run(plan)).toEqual([]);
    },
  );

  test('without a descriptor it sleeps, and then goes on', async () => {
    const limit = (value: string): void =>
      void execFileSync('prlimit', [`--pid=${launcher.pid}`, `--nofile=${value}`]);
    const ticks = (): number => {
      const fields = readFileSync(`/proc/${launcher.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    limit('5:');
    // Whom it waited for already has a descriptor.
    expect(await launcher.run(planOf([]))).toEqual([]);
    const waiting = launcher.run(planOf([]));
    const before = ticks();
    const until = performance.now() + 1000;
    await expect.poll(() => performance.now() > until, { timeout: 20_000 }).toBe(true);
    // A hundred ticks are a second of one processor.
    expect(ticks() - before).toBeLessThan(30);
    limit('1024:');
    expect(await waiting).toEqual([]);
  });

  test('one that never says that it is ready is ended, with what it started', async () => {
    const program = join(folder, 'silent');
    const pids = join(folder, 'pids');
    writeFileSync(program, `#!/bin/sh\nsleep 1000 &\necho $$ $! > ${pids}\nwait\n`, { mode: 0o755 });
    const opening = openLauncher({
      clock,
      program,
      run: join(folder, 'other'),
      root: folder,
      cgroupFiles: () => [],
      readyMs: 3000,
    });
    await expect(opening).rejects.toThrow('does not say that it is ready');
    const left = readFileSync(pids, 'utf8').trim().split(' ');
    expect(left.length).toBe(2);
    for (const pid of left) await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

/** Its last process may still be on its way out. */
async function removeEmptied(group: string): Promise<void> {
  for (const until = performance.now() + 5000; performance.now() < until; await setImmediate()) {
    try {
      return rmdirSync(group);
    } catch {}
  }
  rmdirSync(group);
}

/** Whoever reaps it may take a while. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
