import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../src/lock.ts';
import { until } from '../../../test/lab/instance.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orc-lock-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const RACERS = 6;

test('a living daemon keeps its root; one that let go does not', () => {
  const lock = takeLock({ root });
  expect(() => takeLock({ root })).toThrow(/runs for/);
  lock.release();
  takeLock({ root }).release();
});

test('who comes too late hears where the other one answers', () => {
  const lock = takeLock({ root, socket: '/run/my orc/orc.sock' });
  expect(() => takeLock({ root })).toThrow(
    `a daemon runs for ${root} already (pid ${process.pid}), and answers on /run/my orc/orc.sock`,
  );
  lock.release();
});

test('the pid of another process is nobody', () => {
  writeFileSync(join(root, 'orcd.pid'), `${process.pid} 1`);
  takeLock({ root }).release();
});

test('what another process holds is taken, also before that has written who it is', async () => {
  const file = join(root, 'orcd.pid');
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec sleep 100']);
  try {
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(() => takeLock({ root })).toThrow(/runs for/);
  } finally {
    process.kill(
      Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()),
      'SIGKILL',
    );
    await new Promise((resolve) => holder.once('exit', resolve));
  }
  takeLock({ root }).release();
});

const PROGRAM = `
import { takeLock } from ${JSON.stringify(join(import.meta.dirname, '../src/lock.ts'))};
process.stdout.write('ready ');
process.stdin.once('data', () => {
  try {
    takeLock({ root: process.argv[1] });
    process.stdout.write('mine');
  } catch {
    process.stdout.write('not-mine');
  }
  process.stdin.once('data', () => process.exit());
});`;

test('of many that start at once one has it, over what a crash left', async () => {
  writeFileSync(join(root, 'orcd.pid'), `${process.pid} 1`);
  const racers = Array.from({ length: RACERS }, () => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', PROGRAM, root]);
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
    });
    return { child, said: () => said };
  });
  try {
    await until(() => racers.every(({ said }) => said().startsWith('ready')), 'the racers');
    for (const { child } of racers) child.stdin.write('go');
    await until(() => racers.every(({ said }) => said().includes('mine')), 'their words');
    expect(racers.filter(({ said }) => said() === 'ready mine').length).toBe(1);
  } finally {
    for (const { child } of racers) child.kill('SIGKILL');
  }
});
