/** exec through the API, beside nsenter into the same container. */
import { spawnSync } from 'node:child_process';
import { median, timeEach } from '../figures.ts';
import type { Row } from './index.ts';

const ROUNDS = 100;

export const exec: Row = async ({ orc, docker, figures }) => {
  const { client } = orc;
  const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['sleep', '100000'] } });
  await client.startContainer(id);
  const { pid } = await client.getContainer(id);
  const one = async (): Promise<void> => {
    const created = await client.createExec(id, { argv: ['true'], tty: false, stdin: false });
    for await (const _ of (await client.startExec(created.id)).output);
  };
  await timeEach(10, one);
  const ours = median(await timeEach(ROUNDS, one));
  const nsenter = median(
    await timeEach(ROUNDS, async () => void spawnSync('nsenter', ['-t', String(pid), '-a', '/bin/true'])),
  );
  figures.print('nsenter', nsenter, 'ms');
  figures.print('exec.api', ours, 'ms', { name: 'nsenter', value: nsenter, goal: 1 / 2.5 });
  await client.removeContainer(id, { force: true });
  if (docker === undefined) return;
  const { stdout } = docker.run('docker', ['run', '-d', 'busybox', 'sleep', '100000']);
  const container = stdout.trim();
  const theirs = median(
    await timeEach(15, async () => {
      const { Id } = (await docker.call('POST', `/containers/${container}/exec`, {
        Cmd: ['true'],
        AttachStdout: true,
      })) as { Id: string };
      await docker.call('POST', `/exec/${Id}/start`, { Detach: false });
    }),
  );
  figures.print('docker.exec.api', theirs, 'ms');
  figures.print('exec.api', ours, 'ms', { name: 'docker', value: theirs });
  docker.run('docker', ['rm', '-f', container]);
};
