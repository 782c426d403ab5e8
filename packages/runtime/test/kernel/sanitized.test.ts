/** The same native program, built to report every misuse of memory and every undefined operation, and then end. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Launcher, startOn } from '../../src/host/launcher.ts';
import { FRAME, nextFrame, readEnded } from '../../src/host/wire.ts';
import { encodePlan } from '../../src/plan/encode.ts';
import { CLONE, MS } from '../../src/plan/flags.ts';
import { type LaunchPlan, planOf } from '../../src/plan/ops.ts';
import {
  openAlone,
  ATTACH_OUT,
  collect,
  type Fixture,
  openFixture,
  runShell,
  sanitizedLauncher,
  shell,
} from './fixture.ts';

let fixture: Fixture;
let reports: string;
beforeAll(async () => {
  reports = mkdtempSync(join(tmpdir(), 'orc-sanitizer-'));
  const options = `log_path=${reports}/report:detect_leaks=0:verify_asan_link_order=0`;
  fixture = await openFixture(sanitizedLauncher(reports, options));
});
afterAll(async () => {
  await fixture?.close();
  rmSync(reports, { recursive: true, force: true });
});

const complaints = (): string =>
  readdirSync(reports)
    .filter((name) => name.startsWith('report'))
    .map((name) => readFileSync(join(reports, name), 'utf8'))
    .join('\n');

/** Address space is reserved in terabytes, so the default limits of a container stay away. */
test('starts, logs, execs, terminals, copies and failures leave no report', async () => {
  const log = { folder: join(fixture.folder, 'logs/s'), maxSizeBytes: 100_000, maxFiles: 2 };
  expect(await runShell(fixture, 'seq 1 20000; printf part', {}, { log })).toMatchObject({ code: 0 });
  const running = await fixture.runtime.start(
    fixture.request({ ...shell('cat; while :; do sleep 0.05; done'), openStdin: true, init: true }),
  );
  const attached = await running.attach({ stdin: true, stdout: true, stderr: true });
  await attached.write(Buffer.alloc(200_000, 'x'));
  attached.closeStdin();
  const attach = { stdin: true, stdout: true, stderr: true };
  const exec = await running.exec({ argv: ['sh', '-c', 'tty; read x; echo end'], tty: true, attach });
  await exec.resize(80, 25);
  await exec.attachment.write(Buffer.from('\n'));
  await collect(exec.attachment);
  const slow = await running.exec({ argv: ['sleep', '9'], tty: false, attach: ATTACH_OUT, timeoutMs: 50 });
  expect(await slow.exited).toMatchObject({ timedOut: true });
  await expect(running.exec({ argv: ['nowhere'], tty: false, attach: ATTACH_OUT })).rejects.toThrow(
    'cannot execute',
  );
  await running.kill();
  await running.exited;
  await expect(fixture.runtime.start(fixture.request({ command: ['nowhere'] }))).rejects.toThrow(
    'cannot execute',
  );
  await expect(
    fixture.runtime.kernel.run([{ op: 'netns-remove', path: '/proc/nothing/x' }]),
  ).resolves.toBeUndefined();
  expect(complaints()).toBe('');
});

const MISUSE = 255;

/** An operation that only the sanitized program has: 0 reads memory that was freed, 1 adds up to more than an int holds. */
function misuse(plan: LaunchPlan, kind: number): Buffer {
  const record = Buffer.alloc(12);
  record.writeUInt16LE(MISUSE, 0);
  record.writeUInt32LE(4, 4);
  record.writeUInt32LE(kind, 8);
  return Buffer.concat([encodePlan(plan), record]);
}

describe('a misuse would be seen', () => {
  let folder: string;
  let launcher: Launcher;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orc-sanitizer-control-'));
    const program = sanitizedLauncher(folder, `log_path=${folder}/report:detect_leaks=0`);
    launcher = await openAlone(folder, program);
  });
  afterAll(async () => {
    await launcher?.shutdown();
    rmSync(folder, { recursive: true, force: true });
  });
  const said = (): string =>
    readdirSync(folder)
      .filter((name) => name.startsWith('report'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');

  test.each([
    [0, 'heap-use-after-free'],
    // Told to nobody, but the end of whoever did it.
    [1, ''],
  ])('in a plan without a program: %i, %s', async (kind, report) => {
    const { connection } = await launcher.open();
    void connection.send(FRAME.run, 0, misuse(planOf([]), kind));
    await expect(nextFrame(connection, 'it', 10_000)).rejects.toThrow('went away');
    expect(said()).toContain(report);
  });

  test.each([0, 1])('behind the pivot, where no report can be written, by the code: %i', async (kind) => {
    const container = join(folder, `container-${kind}`);
    const root = join(folder, `root-${kind}`);
    for (const each of [container, root]) mkdirSync(each);
    const plan = planOf([
      { op: 'folder', path: container, attempt: 1 },
      { op: 'stdio', tty: 0, stdin: 0 },
      { op: 'clone', flags: CLONE.NEWNS, cgroup: '' },
      { op: 'propagation', path: '/', flags: MS.REC | MS.PRIVATE },
      { op: 'root', path: root },
      { op: 'mount', source: 'x', target: '/', type: 'tmpfs', flags: 0n, data: '', how: 0 },
      { op: 'root', path: root },
      { op: 'pivot' },
    ]);
    const { connection } = await startOn(
      (await launcher.open()).connection,
      FRAME.start,
      plan,
      misuse(plan, kind),
      6,
      10_000,
    );
    const code = await new Promise<number>((resolve) => {
      connection.listen(
        (frame) => frame.type === FRAME.exited && resolve(readEnded(frame).code),
        () => resolve(0),
      );
      connection.resume();
    });
    expect(code).not.toBe(0);
  });
});
