/** One container: create, start, exit, remove; through the API and from the command line, on a bridge. */
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
