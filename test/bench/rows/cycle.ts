/** One container: create, start, exit, remove; through the API and from the command line, on a bridge. */
import { spawnSync } from 'node:child_process';
import type { Client } from '@orc/api/client';
import { type Figures, median, timeEach } from '../figures.ts';
import type { Docker } from '../peers/docker.ts';
import { openFloor } from '../peers/floor.ts';
import type { Row } from './index.ts';

/** Everybody takes turns, so that all see the same load of the machine. */
const BLOCKS = 5;
const ROUNDS = 20;
const FLOOR_ROUNDS = 60;
const DOCKER_ROUNDS = 3;
const COMMAND_ROUNDS = 4;

type Times = Record<'ours' | 'floor' | 'command' | 'docker' | 'dockerCommand', number[]>;

export const cycle: Row = async ({ orc, docker, figures }) => {
  const times: Times = { ours: [], floor: [], command: [], docker: [], dockerCommand: [] };
  const floor = openFloor();
  if (floor === undefined) figures.note('floor.c is not there: ratios to the floor are left out');
  const run = ['run', '--rm', 'busybox', 'true'];
  await timeEach(10, () => orcCycle(orc.client));
  try {
    for (let block = 0; block < BLOCKS; block += 1) {
      times.ours.push(...(await timeEach(ROUNDS, () => orcCycle(orc.client))));
      if (floor !== undefined) times.floor.push(floor.cycleMs(FLOOR_ROUNDS));
      times.command.push(
        ...(await timeEach(COMMAND_ROUNDS, async () => expectZero(orc.orc(['container', ...run])))),
      );
      if (docker === undefined) continue;
      times.docker.push(...(await timeEach(DOCKER_ROUNDS, () => dockerCycle(docker))));
      times.dockerCommand.push(
        ...(await timeEach(DOCKER_ROUNDS, async () => expectZero(docker.run('docker', run)))),
      );
    }
  } finally {
    floor?.close();
  }
  print(figures, times);
  await podman(figures, median(times.command));
};

function print(figures: Figures, times: Times): void {
  const [ours, command] = [median(times.ours), median(times.command)];
  if (times.floor.length > 0) {
    const value = median(times.floor);
    figures.print('floor.cycle', value, 'ms');
    figures.print('cycle.api', ours, 'ms', { name: 'floor', value, goal: 1 / 5 });
  }
  if (times.docker.length === 0) {
    figures.print('cycle.api', ours, 'ms');
    figures.print('cycle.command', command, 'ms');
    return;
  }
  const [theirs, theirCommand] = [median(times.docker), median(times.dockerCommand)];
  figures.print('docker.cycle.api', theirs, 'ms');
  figures.print('cycle.api', ours, 'ms', { name: 'docker', value: theirs, goal: 20 });
  figures.print('docker.cycle.command', theirCommand, 'ms');
  figures.print('cycle.command', command, 'ms', { name: 'docker', value: theirCommand, goal: 5 });
}

export async function orcCycle(client: Client): Promise<void> {
  const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['true'] } });
  const ended = client.waitContainer(id, 'next-exit', new AbortController().signal);
  await client.startContainer(id);
  const { code } = await ended;
  if (code !== 0) throw new Error(`exit code ${code}`);
  await client.removeContainer(id, {});
}

export async function dockerCycle(docker: Docker): Promise<void> {
  const { Id } = (await docker.call('POST', '/containers/create', { Image: 'busybox', Cmd: ['true'] })) as {
    Id: string;
  };
  const ended = docker.call('POST', `/containers/${Id}/wait?condition=next-exit`);
  await docker.call('POST', `/containers/${Id}/start`);
  await ended;
  await docker.call('DELETE', `/containers/${Id}`);
}

function expectZero({ code, stderr }: { readonly code: number; readonly stderr: string }): void {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
}

/** crun and runc without a network are the fastest of the peers; podman is a whole engine. */
async function podman(figures: Figures, command: number): Promise<void> {
  if (spawnSync('podman', ['--version']).status !== 0) return figures.note('podman is not installed');
  const root = [
    '--root',
    '/tmp/orc-bench-podman/root',
    '--runroot',
    '/tmp/orc-bench-podman/run',
    '--cgroup-manager',
    'cgroupfs',
  ];
  const sh = (line: string): number | null => spawnSync('sh', ['-c', line]).status;
  sh(
    `mkdir -p /tmp/orc-bench-podman/fs/bin && cp /bin/busybox /tmp/orc-bench-podman/fs/bin/ && ln -sf busybox /tmp/orc-bench-podman/fs/bin/true`,
  );
  try {
    if (
      sh(
        `tar -C /tmp/orc-bench-podman/fs -c . | podman ${root.join(' ')} import - busybox >/dev/null 2>&1`,
      ) !== 0
    )
      return figures.note('podman import failed');
    const run = (): Promise<void> =>
      Promise.resolve(
        expectZero({
          code:
            spawnSync('podman', [...root, 'run', '--rm', '--network', 'none', 'busybox', 'true']).status ??
            -1,
          stderr: 'podman run',
        }),
      );
    await run();
    const theirs = median(await timeEach(10, run));
    figures.print('podman.cycle.command.nonet', theirs, 'ms');
    figures.print('cycle.command', command, 'ms', { name: 'podman-nonet', value: theirs });
  } catch (error) {
    figures.note(`podman does not run here: ${(error as Error).message}`);
  } finally {
    spawnSync('podman', [...root, 'rm', '-af']);
    sh('umount -l /tmp/orc-bench-podman/root/overlay 2>/dev/null; rm -rf /tmp/orc-bench-podman');
  }
}
