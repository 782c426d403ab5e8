/** `logs` of a project when those of one container cannot be had: the others' are shown all the same. */
import type { StreamChunk } from '@orc/api';
import { fail } from '@orc/model';
import { expect, test } from 'vitest';
import { openTerminal, type Run } from './cli.ts';

async function* said(): AsyncGenerator<StreamChunk> {
  yield { stream: 'stdout', data: Buffer.from('2026-01-02T03:04:05.000000000Z hello\n') };
}

/** Of the project `shop`, whose `db` has none. */
async function logsWithout(error: Error): Promise<Run> {
  await using terminal = await openTerminal();
  await terminal.run(['up', '-d']);
  Object.assign(terminal.memory, {
    containerLogs: (id: string) => {
      if (terminal.memory.containers.get(id)?.container.name === 'shop-db-1') throw error;
      return said();
    },
  });
  return await terminal.run(['logs', '--no-color']);
}

test('one that keeps none is a warning, as with docker compose', async () => {
  const { code, stdout, stderr } = await logsWithout(
    fail('conflict.state', 'container shop-db-1 keeps no logs', { hint: 'its logging driver is none' }),
  );
  expect([code, stderr]).toEqual([
    0,
    'warning: container shop-db-1 keeps no logs\n  hint: its logging driver is none\n',
  ]);
  expect(stdout).toBe('web-1  | hello\n');
});

test.each([fail('internal', 'the file is damaged'), fail('daemon.unreachable', 'the connection broke')])(
  'others make it fail: %s',
  async (error) => {
    const { code, stdout, stderr } = await logsWithout(error);
    expect([code, stderr]).toEqual([1, `error: logs of db-1: ${error.message}\n`]);
    expect(stdout).toBe('web-1  | hello\n');
  },
);
