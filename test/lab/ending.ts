/** Containers that end while no daemon is there: a plain one, a task that stays ended, a task that its policy brings back. */
import { readFileSync } from 'node:fs';
import type { Client } from '@orc/api/client';
import { composed, upOf } from './composed.ts';
import { counting, countingScript, readCount } from './counting.ts';
import { startNew } from './engine.ts';
import { shell } from './fleet.ts';
import { until } from './instance.ts';

export type Ending = {
  /** From the host, as nobody of orc would. */
  end(): Promise<void>;
  check(client: Client): Promise<readonly string[]>;
  remove(client: Client): Promise<void>;
};

const PROJECT = 'ending';

const projectText = (code: number): string => `
services:
  gone: { image: busybox, command: ${shell(countingScript(code))}, restart: 'no' }
  back: { image: busybox, command: ${shell(countingScript(code))}, restart: on-failure }
`;

export async function startEnding(client: Client, code: number): Promise<Ending> {
  const plain = await startNew(client, counting(code));
  await upOf(client, await composed(PROJECT, projectText(code)));
  const names = [plain, `${PROJECT}-gone-1`, `${PROJECT}-back-1`] as const;
  await until(
    async () => (await pidsOf(client, names)).every((pid) => pid > 0),
    'those that will end to run',
  );
  const pids = await pidsOf(client, names);
  return {
    async end() {
      // A shell that has not set its trap yet would end by the signal.
      for (const pid of pids) await until(() => catchesTerm(pid), 'a program to await its end');
      for (const pid of pids) process.kill(pid, 'SIGTERM');
      for (const pid of pids) await until(ended(pid), 'a container to end without a daemon');
    },
    check: (now) => wrongOf(now, names, code),
    async remove(now) {
      await now.removeContainer(plain, {});
      await now.removeProject(PROJECT, { timeoutMs: 0 });
      await until(
        async () => (await now.listContainers({ all: true, filters: { project: [PROJECT] } })).length === 0,
        'the ended project to go',
      );
    },
  };
}

const pidsOf = (client: Client, names: readonly string[]): Promise<readonly number[]> =>
  Promise.all(
    names.map((name) =>
      client.getContainer(name).then(
        ({ pid }) => pid ?? 0,
        () => 0,
      ),
    ),
  );

export const ended = (pid: number) => (): boolean => {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

const SIGTERM_BIT = 1n << 14n;
/** A shell that has set its trap. */
export const catchesTerm = (pid: number): boolean => {
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & SIGTERM_BIT) !== 0n;
};

async function wrongOf(
  client: Client,
  [plain, gone, back]: readonly [string, string, string],
  code: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const name of [plain, gone]) {
    const { status, exit, attempt } = await client.getContainer(name);
    const text = `${status} ${exit?.code} ${exit?.reason} attempt ${attempt}`;
    if (text !== `exited ${code} exit attempt 1`) wrong.push(`${name} ended with ${code} and is ${text}`);
  }
  const again = async (): Promise<boolean> => {
    const { status, attempt } = await client.getContainer(back);
    return status === 'running' && attempt === 2;
  };
  await until(again, `${back} to run again`).catch(({ message }: Error) => wrong.push(message));
  const logs = await Promise.all([plain, gone].map((name) => readCount(client, name)));
  return [...wrong, ...logs.flatMap((log) => log.wrong.map((line) => `an ended one: ${line}`))];
}
