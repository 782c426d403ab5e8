/** A start that fails after its plan was sent, for whatever reason, leaves nothing that runs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCgroups } from '../../src/host/cgroups.ts';
import { startOn } from '../../src/host/launcher.ts';
import { FRAME } from '../../src/host/wire.ts';
import { encodePlan } from '../../src/plan/encode.ts';
import { CLONE } from '../../src/plan/flags.ts';
import { planOf } from '../../src/plan/ops.ts';
import { clock, ATTACH_OUT, IDLE, launcherWith, NATIVE, openAlone, openFixture } from './fixture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-failed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a shim that nobody can speak to has no container', async () => {
  const fixture = await openFixture(launcherWith(folder, { PROTOCOL: 99 }));
  try {
    const request = fixture.request(IDLE);
    await expect(fixture.runtime.start({ ...request, attach: ATTACH_OUT })).rejects.toMatchObject({
      problem: { code: 'conflict.version' },
    });
    const { pids } = openCgroups({ instance: fixture.instance, emit: () => undefined, clock });
    expect(pids(request.id)).toEqual([]);
  } finally {
    await fixture.close();
  }
}, 30_000);

test('a start that nobody waits for any more ends, and runs nothing', async () => {
  const program = join(NATIVE, 'build/orc-launch');
  const launcher = await openAlone(folder, program);
  const [container, gate, proof] = ['container', 'gate', 'proof'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(container);
  execFileSync('mkfifo', [gate]);
  const plan = planOf([
    { op: 'folder', path: container, attempt: 1 },
    { op: 'stdio', tty: 0, stdin: 0 },
    { op: 'clone', flags: CLONE.NEWPID, cgroup: '' },
    // Waits for somebody to read.
    { op: 'write', path: gate, data: Buffer.from('x') },
    { op: 'exec', argv: ['touch', proof], env: [], path: '/bin:/usr/bin' },
  ]);
  try {
    const { connection } = await launcher.open();
    const started = startOn(connection, FRAME.start, plan, encodePlan(plan), 0, 200);
    await expect(started).rejects.toMatchObject({ problem: { code: 'timeout' } });
    // The shim has let go of it: it has ended, and its child before it.
    await launcher.run(planOf([{ op: 'lock', folder: container }]), 20_000);
    expect(existsSync(join(container, 'shim.sock'))).toBe(false);
    expect(existsSync(proof)).toBe(false);
  } finally {
    // Whoever waits at the gate, if somebody does.
    execFileSync('sh', ['-c', `timeout 1 cat ${gate} || true`]);
    await launcher.shutdown();
  }
});
