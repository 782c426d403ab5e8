/**
 * A container that has a volume swaps what another one, which starts with the same volume, looks at: its null device, its
 * terminals, its /proc. The host's own files are never reached, and what was to be hidden stays so.
 */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerSpec, OrcError } from '@orc/model';
import type { Running, StartRequest } from '../../src/index.ts';
import { type Op, planOf } from '../../src/plan/ops.ts';
import { type Fixture, follow, openAlone, openFixture, runShell, shell } from './fixture.ts';

const ROUNDS = 40;
const PATTERN = '/proc/sys/kernel/core_pattern';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const emptyFolder = (): string => mkdtempSync(join(fixture.folder, 'shared-'));
const volumeAt = (source: string, target: string) => ({ type: 'bind', source, target }) as const;

/** Flips in `/vol` until it is killed. */
async function startFlipper(volume: string, prepare: string, flip: string): Promise<Running> {
  const line = `cd /vol; ${prepare}; echo up; while :; do ${flip}; done 2>&-`;
  const attach = { stdin: false, stdout: true, stderr: true };
  const request = fixture.request(shell(line), { mounts: [volumeAt(volume, '/vol')], attach });
  const running = await fixture.runtime.start(request);
  const seen = follow(running.attachment);
  await expect.poll(() => seen.text).toContain('up');
  return running;
}

type Ended = { readonly code: number; readonly out: string };

/** Undefined for a start that was refused. */
async function tryRun(
  line: string,
  spec: Partial<ContainerSpec>,
  more: Partial<StartRequest>,
): Promise<Ended | undefined> {
  try {
    return await runShell(fixture, line, spec, more);
  } catch (error) {
    if (!(error instanceof OrcError)) throw error;
    expect(error.problem.code).toMatch(/^(start|input)\./);
    return undefined;
  }
}

test('CVE-2025-31133: a null device that is swapped for a link masks nothing with what it leads to', async () => {
  const volume = emptyFolder();
  const before = readFileSync(PATTERN, 'utf8');
  const prepare = `mknod real c 1 3; ln -s ${PATTERN} link; cp real null`;
  const running = await startFlipper(
    volume,
    prepare,
    'mv -T real null; mv -T null real; mv -T link null; mv -T null link',
  );
  const mounts = [volumeAt(volume, '/dev')];
  const line = `cat /proc/interrupts | head -c 1 | wc -c; echo x > ${PATTERN}; echo x > /proc/interrupts; true`;
  let started = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const ended = await tryRun(line, {}, { mounts });
    if (ended !== undefined) expect(ended.out).toBe('0\n');
    if (ended !== undefined) started += 1;
    expect(readFileSync(PATTERN, 'utf8')).toBe(before);
  }
  await running.kill();
  await running.exited;
  expect(started).toBeGreaterThan(0);
}, 120_000);

test('CVE-2025-52565: a terminal of a volume is one of a pty, or the start is refused', async () => {
  const volume = emptyFolder();
  const prepare = 'mknod tty c 5 2; ln -s /proc/sysrq-trigger trigger; touch file';
  const flip = 'for f in tty trigger file; do mv -T $f ptmx; ln -sf ../kmsg 0; mv -T ptmx $f; rm -f 0; done';
  const running = await startFlipper(volume, prepare, flip);
  const line = 'stat -L -c %t /dev/console /proc/self/fd/0';
  for (let round = 0; round < ROUNDS; round += 1) {
    const mounts = [volumeAt(volume, '/dev/pts')];
    const ended = await tryRun(line, { tty: true }, { mounts });
    if (ended !== undefined) expect(ended.out).toBe('88\r\n88\r\n');
  }
  await running.kill();
  await running.exited;
  // The control: without the volume there is a console, of a pty.
  expect((await runShell(fixture, line, { tty: true })).out).toBe('88\r\n88\r\n');
}, 120_000);

describe('CVE-2019-16884, CVE-2025-52881: what stands in for procfs', () => {
  test('two containers with one volume, and /proc a link into it: neither starts', async () => {
    const volume = emptyFolder();
    mkdirSync(join(volume, 'self/attr'), { recursive: true });
    mkdirSync(join(volume, 'sys/net/core'), { recursive: true });
    writeFileSync(join(volume, 'sys/net/core/somaxconn'), 'untouched');
    const layer = mkdtempSync(join(fixture.folder, 'proc-'));
    symlinkSync('/vol', join(layer, 'proc'));
    const more = { mounts: [volumeAt(volume, '/vol')] };
    const starts = [1, 2].map(async () => {
      const request = fixture.request({ sysctls: { 'net.core.somaxconn': '99' } }, more);
      const layers = [...request.image.layers, layer];
      await fixture.runtime.start({ ...request, image: { ...request.image, layers } });
    });
    for (const each of await Promise.allSettled(starts)) expect(each.status).toBe('rejected');
    expect(readFileSync(join(volume, 'sys/net/core/somaxconn'), 'utf8')).toBe('untouched');
  });

  test.each(['/proc/sys', '/proc/self/attr', '/proc/sys/net/core'])('no volume on %s', async (target) => {
    const request = fixture.request({}, { mounts: [volumeAt(emptyFolder(), target)] });
    await expect(fixture.runtime.start(request)).rejects.toMatchObject({
      problem: { code: 'input.invalid' },
    });
  });

  test('a sysctl is written to procfs, or not at all', async () => {
    const root = emptyFolder();
    mkdirSync(join(root, 'proc/sys/net/core'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/net/core/somaxconn'), 'untouched');
    symlinkSync('/proc/sysrq-trigger', join(root, 'proc/sys/net/core/link'));
    const launcher = await openAlone(join(fixture.folder, 'own'));
    const write = (key: string): Promise<unknown> => {
      const ops: readonly Op[] = [
        { op: 'root', path: root },
        { op: 'sysctl-in', key, value: '99' },
      ];
      return launcher.run(planOf(ops));
    };
    try {
      await expect(write('net/core/somaxconn')).rejects.toThrow('EXDEV');
      await expect(write('net/core/link')).rejects.toThrow('ELOOP');
    } finally {
      await launcher.shutdown();
    }
    expect(readFileSync(join(root, 'proc/sys/net/core/somaxconn'), 'utf8')).toBe('untouched');
  });
});
