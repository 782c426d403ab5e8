import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import { STARTS_PER_CPU } from '../../src/limits.ts';
import type { Joins, Running } from '../../src/index.ts';
import { ATTACH_OUT, buildProgram, collect, type Fixture, openFixture, runShell, shell } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  mkdirSync(join(fixture.folder, 'ns'));
});
afterAll(async () => {
  await fixture?.close();
});

const pathOf = (name: string): string => join(fixture.folder, 'ns', name);
const namespaceOf = (pid: number | 'self', kind: string): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

/** The lists of processes of a container's cgroup, in each hierarchy. */
const findTasks = (id: string): readonly string[] =>
  execFileSync('find', ['/sys/fs/cgroup', '-path', `*/${id}/cgroup.procs`], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

/** Since the boot, as a process's beginning is counted: proc_uptime(5) has the same hundredths of a second. */
const ticksNow = (): bigint =>
  BigInt(readFileSync('/proc/uptime', 'utf8').split(' ')[0]?.replace('.', '') ?? '');

/** Begins a process with the pid that it is given, which lasts until the input ends. */
const REUSE = `
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char byte;
  pid_t wanted = argc == 2 ? atoi(argv[1]) : 0;
  struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
  pid_t pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return 1;
  if (pid == 0) for (;;) pause();
  puts("up");
  fflush(stdout);
  while (read(0, &byte, 1) == 1) continue;
  kill(pid, SIGKILL);
  return waitpid(pid, NULL, 0) != pid;
}
`;

async function withIdle<T>(
  act: (running: Running) => Promise<T>,
  spec: Partial<ContainerSpec> = {},
): Promise<T> {
  const request = fixture.request({ ...shell('hostname; sleep 100'), ...spec });
  const running = await fixture.runtime.start(request);
  try {
    return await act(running);
  } finally {
    await running.kill();
    await running.exited;
  }
}

describe('namespaces', () => {
  test('all are the container’s own', async () => {
    await withIdle(async (running) => {
      for (const kind of ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup']) {
        expect(namespaceOf(running.pid, kind)).not.toBe(namespaceOf('self', kind));
      }
    });
  });

  test('a pinned network namespace is joined', async () => {
    const path = pathOf('joined');
    await fixture.runtime.kernel.run([{ op: 'netns', path }]);
    const inside = execFileSync('nsenter', [`--net=${path}`, 'readlink', '/proc/self/ns/net'], {
      encoding: 'utf8',
    });
    const { out } = await runShell(fixture, 'readlink /proc/self/ns/net', {}, { networkNamespace: path });
    expect(out).toBe(inside);
    await fixture.runtime.kernel.run([{ op: 'netns-remove', path }]);
  });

  test('the host’s, where asked for', async () => {
    const spec = { pidMode: { kind: 'host' }, ipcMode: { kind: 'host' }, utsMode: { kind: 'host' } } as const;
    const kinds = ['pid', 'ipc', 'uts', 'net'];
    const line = kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join(';');
    const { out } = await runShell(fixture, line, spec, { networkNamespace: 'host' });
    expect(out.trim().split('\n')).toEqual(kinds.map((kind) => namespaceOf('self', kind)));
  });

  test('in the host’s pid namespace too a container’s processes end with its first', async () => {
    const request = fixture.request({ ...shell('sleep 100 & exit 3'), pidMode: { kind: 'host' } });
    const running = await fixture.runtime.start(request);
    expect(await running.exited).toMatchObject({ code: 3 });
    const tasks = findTasks(request.id);
    expect(tasks.length).toBeGreaterThan(0);
    expect(tasks.flatMap((file) => readFileSync(file, 'utf8').trim())).toEqual(tasks.map(() => ''));
  });

  test('another container’s pid, ipc and uts', async () => {
    await withIdle(async (other) => {
      const join = (): Joins => ({ pid: other, ipc: other, uts: other });
      const line = 'for n in pid ipc uts; do readlink /proc/self/ns/$n; done; ps | grep -c "[s]leep 100"';
      const { out } = await runShell(fixture, line, {}, { join });
      const theirs = ['pid', 'ipc', 'uts'].map((kind) => namespaceOf(other.pid, kind));
      expect(out.trim().split('\n')).toEqual([...theirs, '1']);
    });
  });

  test('with its ipc namespace comes its /dev/shm, and no other', async () => {
    await withIdle(async (other) => {
      const put = await other.exec({
        argv: ['sh', '-c', 'echo theirs > /dev/shm/note'],
        tty: false,
        attach: ATTACH_OUT,
      });
      expect((await put.exited).code).toBe(0);
      const { out } = await runShell(fixture, 'cat /dev/shm/note', {}, { join: () => ({ ipc: other }) });
      expect(out).toBe('theirs\n');
      expect((await runShell(fixture, 'ls /dev/shm')).out).toBe('');
    });
  });

  test('a /dev/shm that a joined container made a link is not followed', async () => {
    await withIdle(
      async (other) => {
        const line = 'umount /dev/shm && rmdir /dev/shm && ln -s /tmp /dev/shm';
        const swap = await other.exec({ argv: ['sh', '-c', line], tty: false, attach: ATTACH_OUT });
        expect((await swap.exited).code).toBe(0);
        const joining = runShell(fixture, 'true', {}, { join: () => ({ ipc: other }) });
        await expect(joining).rejects.toThrow(/cannot take \/dev\/shm of process .*ELOOP/);
      },
      { privileged: true },
    );
  });

  test('a pid that is another process’s by now is not joined, also when that is of the host', async () => {
    const reuse = buildProgram(fixture, 'reuse', REUSE);
    const { pid, ticks = 0n } = await withIdle(async (running) => running);
    expect(ticks).toBeGreaterThan(0n);
    // Pids come round in seconds, however busy a host is: in no case within the tick in which one began.
    await expect.poll(ticksNow).toBeGreaterThan(ticks);
    const holder = spawn(reuse, [String(pid)], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      expect(String((await once(holder.stdout, 'data'))[0])).toBe('up\n');
      expect(namespaceOf(pid, 'ipc')).toBe(namespaceOf('self', 'ipc'));
      const gone = { pid, ticks };
      const starts: readonly Joins[] = [{ pid: gone }, { ipc: gone }, { uts: gone }];
      for (const joins of starts) {
        await expect(runShell(fixture, 'true', {}, { join: () => joins })).rejects.toThrow(
          new RegExp(`of process ${pid}: ESRCH`),
        );
      }
      // Without knowing when it began: what would come of it.
      const line = 'readlink /proc/self/ns/uts';
      const { out } = await runShell(fixture, line, {}, { join: () => ({ uts: { pid } }) });
      expect(out.trim()).toBe(namespaceOf('self', 'uts'));
    } finally {
      holder.stdin.end();
      await once(holder, 'close');
    }
  });

  test('whom a start joins is asked when it has its turn, not before', async () => {
    let others = 0;
    const all = Array.from({ length: 3 * STARTS_PER_CPU * availableParallelism() }, () => {
      const join = (): Joins => {
        others += 1;
        return {};
      };
      return fixture.runtime.start(fixture.request(shell('true'), { join }));
    });
    expect(others).toBe(0);
    await Promise.any(all);
    expect(others).toBeLessThan(all.length);
    await Promise.all(all.map(async (each) => (await each).exited));
    expect(others).toBe(all.length);
  });

  test('exec in a container that joined others', async () => {
    await withIdle(async (other) => {
      const running = await fixture.runtime.start(
        fixture.request({ command: ['sleep', '50'] }, { join: () => ({ pid: other }) }),
      );
      const exec = await running.exec({
        argv: ['readlink', '/proc/self/ns/pid'],
        tty: false,
        attach: ATTACH_OUT,
      });
      expect((await collect(exec.attachment)).out.trim()).toBe(namespaceOf(other.pid, 'pid'));
      await running.kill();
      expect(await running.exited).toMatchObject({ code: 137 });
    });
  });
});

/** RTM_NEWLINK: set the link with index 1 up or down; linux/rtnetlink.h. */
function setLoopback(up: boolean): Buffer {
  const message = Buffer.alloc(32);
  message.writeUInt32LE(32, 0);
  message.writeUInt16LE(16, 4);
  message.writeUInt16LE(1 | 4, 6);
  message.writeInt32LE(1, 20);
  message.writeUInt32LE(up ? 1 : 0, 24);
  message.writeUInt32LE(1, 28);
  return message;
}

describe('kernel operations', () => {
  test('a namespace is made with lo up, changed by rtnetlink, and removed', async () => {
    const path = pathOf('ops');
    await fixture.runtime.kernel.run([{ op: 'netns', path }]);
    const linkOf = (): string =>
      execFileSync('nsenter', [`--net=${path}`, 'ip', '-br', 'link'], { encoding: 'utf8' });
    expect(linkOf()).toMatch(/lo\s+UNKNOWN/);
    await fixture.runtime.kernel.run([{ op: 'netlink', namespace: path, messages: setLoopback(false) }]);
    expect(linkOf()).toMatch(/lo\s+DOWN/);
    await fixture.runtime.kernel.run([
      { op: 'netns-remove', path },
      { op: 'netns-remove', path },
    ]);
    expect(existsSync(path)).toBe(false);
  });

  test('a sysctl of the namespace, not of the host', async () => {
    const path = pathOf('sysctl');
    const key = 'net/ipv4/ip_forward';
    const before = readFileSync(`/proc/sys/${key}`, 'utf8');
    const other = before.trim() === '1' ? '0' : '1';
    await fixture.runtime.kernel.run([
      { op: 'netns', path },
      { op: 'sysctl', namespace: path, key, value: other },
    ]);
    const inside = execFileSync('nsenter', [`--net=${path}`, 'cat', `/proc/sys/${key}`], {
      encoding: 'utf8',
    });
    expect(inside.trim()).toBe(other);
    expect(readFileSync(`/proc/sys/${key}`, 'utf8')).toBe(before);
    await fixture.runtime.kernel.run([{ op: 'netns-remove', path }]);
  });

  test('the first that fails is named, with its errno; a tolerated one is none', async () => {
    const absent = { op: 'sysctl', key: 'net/no/such', value: '1' } as const;
    const path = pathOf('failing');
    await expect(fixture.runtime.kernel.run([{ op: 'netns', path }, absent])).rejects.toThrow(
      /net\.no\.such.*ENOENT/,
    );
    await fixture.runtime.kernel.run([
      { ...absent, tolerate: [2] },
      { op: 'netns-remove', path },
    ]);
  });

  test('a host operation before a start, and one that fails ends it', async () => {
    const path = pathOf('first');
    const made = await runShell(
      fixture,
      'true',
      {},
      { kernelOps: [{ op: 'netns', path }], networkNamespace: path },
    );
    expect(made.code).toBe(0);
    const again = fixture.request({}, { kernelOps: [{ op: 'netns', path }], networkNamespace: path });
    await expect(fixture.runtime.start(again)).rejects.toThrow(/netns.*EEXIST/);
    await fixture.runtime.kernel.run([{ op: 'netns-remove', path }]);
  });
});
