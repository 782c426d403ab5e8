/** The command line against a real daemon: what docker's users do all day, and what it leaves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrapBusybox } from '../lab/engine.ts';
import { type CommandResult, type Instance, startInstance } from '../lab/instance.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(async () => {
  await instance.purge();
});

const orc = (...args: readonly string[]): CommandResult => instance.orc(args);

function out(...args: readonly string[]): string {
  const { code, stdout, stderr } = orc(...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout.trim();
}

/** A folder with one compose file, of the project that bears its name. */
function project(name: string, lines: readonly string[]): (...args: readonly string[]) => CommandResult {
  return (...args) => {
    const cwd = join(instance.folder, name);
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'compose.yaml'), lines.join('\n'));
    return instance.orc(args, { cwd });
  };
}

describe('container start -a', () => {
  test('starts again what has ended, shows what it says and ends as it does', () => {
    out('container', 'create', '--name', 'again', 'busybox', 'sh', '-c', 'echo said; exit 3');
    for (const time of ['first', 'second', 'third']) {
      const { code, stdout } = orc('container', 'start', '-a', 'again');
      expect({ time, code, stdout }).toEqual({ time, code: 3, stdout: 'said\n' });
    }
  });

  test('with -i it passes on what is typed, also the second time', () => {
    out('container', 'create', '-i', '--name', 'reader', 'busybox', 'cat');
    for (const input of ['one\n', 'two\n']) {
      const { code, stdout } = instance.orc(['container', 'start', '-ai', 'reader'], { input });
      expect({ code, stdout }).toEqual({ code: 0, stdout: input });
    }
  });

  test('whoever attached and left before a start does not keep others from attaching', async () => {
    out('container', 'create', '--name', 'left', 'busybox', 'echo', 'heard');
    const early = await instance.client.attachContainer('left', { stdin: false, stdout: true, stderr: true });
    early.close();
    await expect.poll(() => orc('container', 'start', '-a', 'left').stdout).toBe('heard\n');
  });
});

describe('profiles', () => {
  const run = project('lab', [
    'services:',
    '  web: { image: busybox, command: sleep 1000, stop_grace_period: 0s }',
    '  probe: { image: busybox, command: sleep 1000, stop_grace_period: 0s, profiles: [debug] }',
    '',
  ]);

  test('what a profile has started runs on when an up without it removes orphans', () => {
    expect(run('--profile', 'debug', 'up', '-d').code).toBe(0);
    for (const flags of [['-d'], ['-d', '--remove-orphans'], ['-d', '--force-recreate']])
      expect(run('up', ...flags).stderr).not.toMatch(/orphan|not in the file|probe/);
    expect(run('ps', '--services').stdout).toBe('probe\nweb\n');
    expect(run('down').code).toBe(0);
    expect(run('ps', '-aq').stdout).toBe('');
  });
});
