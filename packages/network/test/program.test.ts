/** What becomes of the programs that the room runs. */
import { expect, test } from 'vitest';
import { runProgram } from '../src/host/program.ts';

const options = { package: 'nothing', timeoutMs: 60_000 };

test('an exit code is a result', async () => {
  const ran = await runProgram(['sh', '-c', 'cat; echo bad >&2; exit 3'], { ...options, input: 'in' });
  expect(ran).toEqual({ code: 3, stdout: 'in', stderr: 'bad\n' });
});

test.each([
  ['that is not there', ['/no/such/program'], 60_000, 'program.missing', 'is not on this host'],
  ['that takes too long', ['sleep', '1000'], 100, 'timeout', 'sleep took longer than 100 ms'],
  [
    'that somebody else ended',
    ['sh', '-c', 'echo why >&2; kill -SEGV $$'],
    60_000,
    'network.failed',
    'sh was ended by SIGSEGV: why',
  ],
] as const)('one %s is told for what it is', async (_, program, timeoutMs, code, said) => {
  await expect(runProgram(program, { ...options, timeoutMs })).rejects.toMatchObject({
    problem: { code, message: expect.stringContaining(said) },
  });
});
