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

const stat = (pid: string): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
const claim = (pid: string): void => writeFileSync(join(root, 'orcd.pid'), `${pid} ${stat(pid)[19]}`);

test('a living daemon keeps its root; one that let go does not', () => {
  const lock = takeLock({ root });
  expect(() => takeLock({ root })).toThrow(/runs for/);
  lock.release();
  takeLock({ root }).release();
});

test('the pid of another process is nobody', () => {
  writeFileSync(join(root, 'orcd.pid'), `${process.pid} 1`);
  takeLock({ root }).release();
});

test('a daemon that ended and was not waited for holds nothing', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0 & exec sleep 100']);
  try {
    const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
    const child = (): string => readFileSync(children, 'utf8').trim();
    await until(() => child() !== '' && stat(child())[0] === 'Z', 'a child that nobody waits for');
    claim(child());
    takeLock({ root }).release();
  } finally {
    parent.kill('SIGKILL');
  }
});
