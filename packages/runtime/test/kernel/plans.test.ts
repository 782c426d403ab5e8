/** The launcher alone, given plans that `compile` does not make on this host, or that nobody should. */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectCgroups } from '../../src/host/cgroups.ts';
import { startOn, type Launcher } from '../../src/host/launcher.ts';
import { connect, FRAME, nextFrame, readEnded, readFailure } from '../../src/host/wire.ts';
import { deviceProgram } from '../../src/plan/device-rules.ts';
import { encodePlan } from '../../src/plan/encode.ts';
import { type Op, planOf } from '../../src/plan/ops.ts';
import { DEVICE_RULES, type DeviceRule } from '../../src/plan/paths.ts';
import { openAlone, sanitizedLauncher } from './fixture.ts';

let folder: string;
let launcher: Launcher;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orc-plans-'));
  const program = sanitizedLauncher(folder, 'detect_leaks=0');
  launcher = await openAlone(folder, program);
});
afterAll(async () => {
  await launcher?.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

async function runProgram(
  ops: readonly Op[],
  argv: readonly string[],
): Promise<{ code: number; out: string }> {
  const container = join(folder, randomBytes(4).toString('hex'));
  mkdirSync(container);
  const exec: Op = { op: 'exec', argv, env: [], path: '/bin' };
  const plan = planOf([
    { op: 'folder', path: container, attempt: 1 },
    { op: 'stdio', tty: 0, stdin: 0 },
    ...ops,
    exec,
  ]);
  const opened = await launcher.open();
  const { connection } = await startOn(opened.connection, FRAME.start, plan, encodePlan(plan), 6, 10_000);
  let out = '';
  return new Promise((resolve, reject) => {
    connection.listen(
      (frame) => {
        if (frame.type === FRAME.output) out += frame.payload.toString('utf8');
        if (frame.type === FRAME.exited) resolve({ code: readEnded(frame).code, out });
      },
      () => reject(new Error('the shim went away')),
    );
    connection.resume();
  });
}

const NOTHING: DeviceRule = { allow: false, type: 'a', access: 'rwm' };
const { v2 } = detectCgroups(readFileSync('/proc/self/mountinfo', 'utf8'));

describe.runIf(v2 !== undefined)('cgroup v2', () => {
  test('a program begins in its group, under the group’s device rules', async () => {
    const group = join(v2 ?? '', `orc-plans-${randomBytes(3).toString('hex')}`);
    mkdirSync(group);
    try {
      const ops: readonly Op[] = [
        { op: 'device-program', cgroup: group, program: deviceProgram(DEVICE_RULES) },
        { op: 'clone', flags: 0n, cgroup: group },
      ];
      const line = 'grep ^0:: /proc/self/cgroup; : < /dev/null && echo null; : < /dev/kmsg';
      const { out } = await runProgram(ops, ['/bin/busybox', 'sh', '-c', line]);
      expect(out).toContain(`0::/${group.split('/').at(-1)}\nnull\n`);
      expect(out).toMatch(/kmsg: Operation not permitted/);
    } finally {
      await expect.poll(() => rmdirSync(group)).toBeUndefined();
    }
  });
});

describe.runIf(v2 !== undefined)('cgroup v2, again and again', () => {
  test('a group that is started in a hundred times has one device program, the last', async () => {
    const group = join(v2 ?? '', `orc-plans-${randomBytes(3).toString('hex')}`);
    mkdirSync(group);
    const attach = (program: Uint8Array) =>
      launcher.run(planOf([{ op: 'device-program', cgroup: group, program }]));
    try {
      for (let i = 0; i < 100; i += 1) await attach(deviceProgram([NOTHING]));
      await attach(deviceProgram(DEVICE_RULES));
      const line = ': < /dev/null && echo null; : < /dev/kmsg';
      const ops: readonly Op[] = [{ op: 'clone', flags: 0n, cgroup: group }];
      const { out } = await runProgram(ops, ['/bin/busybox', 'sh', '-c', line]);
      expect(out).toMatch(/^null\n.*kmsg: Operation not permitted/);
    } finally {
      await expect.poll(() => rmdirSync(group)).toBeUndefined();
    }
  });
});

async function send(type: number, data: Uint8Array): Promise<{ errno: number; index: number } | 'gone'> {
  const connection = await connect(join(folder, 'run'), 'launcher.sock');
  void connection.send(type, 0, data);
  const frame = await nextFrame(connection, 'plan', 10_000).catch(() => undefined);
  connection.close();
  return frame === undefined
    ? 'gone'
    : frame.type === FRAME.failed
      ? readFailure(frame)
      : { errno: 0, index: -1 };
}

const EBADMSG = 74;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;

describe('plans that nobody should send', () => {
  const whole = encodePlan(
    planOf([
      { op: 'sysctl', namespace: '', key: 'no/such/key', value: 'x', tolerate: [2] },
      { op: 'lock', folder: '/no' },
    ]),
  );

  test('whole, it runs', async () => {
    expect(await send(FRAME.run, whole)).toMatchObject({ errno: 0 });
  });

  test('cut off anywhere else than between two operations, it is bad', async () => {
    const between = 8 + 8 + whole.readUInt32LE(12);
    for (let length = 1; length < whole.length; length += 1) {
      const expected = length === between || length === 8 ? 0 : EBADMSG;
      expect([length, await send(FRAME.run, whole.subarray(0, length))]).toMatchObject([
        length,
        { errno: expected },
      ]);
    }
  });

  test('lengths that lie, strings without their end, unknown numbers and schemas', async () => {
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(value, at);
      return copy;
    };
    expect(await send(FRAME.run, changed(12, 0xffffffff))).toMatchObject({ errno: EBADMSG });
    expect(await send(FRAME.run, changed(16, 0xffffffff))).toMatchObject({ errno: EBADMSG });
    expect(await send(FRAME.run, changed(16, 1))).toMatchObject({ errno: EBADMSG });
    expect(await send(FRAME.run, changed(8, 999))).toMatchObject({ errno: ENOSYS, index: 0 });
    expect(await send(FRAME.run, changed(4, 77))).toMatchObject({ errno: EPROTONOSUPPORT });
    expect(await send(FRAME.run, changed(0, 0))).toMatchObject({ errno: EBADMSG });
    expect(await send(FRAME.start, whole)).toMatchObject({ errno: EBADMSG });
    expect(await send(200, whole)).toBe('gone');
  });

  test('mounts of its own are for a start: no other plan goes on in those of the host', async () => {
    expect(await send(FRAME.run, encodePlan(planOf([{ op: 'own-mounts' }])))).toMatchObject({
      errno: EBADMSG,
    });
  });

  test('and the launcher still serves', async () => {
    expect(await send(FRAME.run, whole)).toMatchObject({ errno: 0 });
  });
});
