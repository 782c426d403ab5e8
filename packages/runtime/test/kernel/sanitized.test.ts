/** The same native program, built to report every misuse of memory and every undefined operation, and then end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
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
