/** 100 containers, 8 at once, and the removal of all; then one start beside 1,000 idle ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerId } from '@orc/model';
import { inParallel, median, timeEach } from '../figures.ts';
import { orcCycle } from './cycle.ts';
import type { Row } from './index.ts';

const COUNT = 100;
const WIDTH = 8;
const [FEW, IDLE] = [10, 1000];
const CYCLES = 40;
/** What was started is to be idle: a daemon tidies up behind a thousand starts for a moment. */
const SETTLE_MS = 3000;

export const many: Row = async ({ orc, docker, figures }) => {
  const { client } = orc;
  const start = async (): Promise<ContainerId> => {
    const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['sleep', '100000'] } });
    await client.startContainer(id);
    return id;
  };
  const remove = (id: ContainerId): Promise<void> => client.removeContainer(id, { force: true });
  const ids: ContainerId[] = [];
  const rate = await seconds(() => inParallel(COUNT, WIDTH, async () => void ids.push(await start())));
  const gone = await seconds(() => Promise.all(ids.map(remove)));
  if (docker === undefined) {
    figures.print('many.start', COUNT / rate, 'starts/s');
    figures.print('many.remove', gone, 's');
  } else {
    const names: string[] = [];
    const theirRate = await seconds(() =>
      inParallel(COUNT, WIDTH, async () => {
        const { Id } = (await docker.call('POST', '/containers/create', {
          Image: 'busybox',
          Cmd: ['sleep', '100000'],
        })) as { Id: string };
        await docker.call('POST', `/containers/${Id}/start`);
        names.push(Id);
      }),
    );
    const theirGone = await seconds(async () => docker.run('docker', ['rm', '-f', ...names]));
    figures.print('docker.many.start', COUNT / theirRate, 'starts/s');
    figures.print('many.start', COUNT / rate, 'starts/s', {
      name: 'docker',
      value: COUNT / theirRate,
      goal: 10,
    });
    figures.print('docker.many.remove', theirGone, 's');
    figures.print('many.remove', gone, 's', { name: 'docker', value: theirGone, goal: 5 });
  }
  await besideIdle(start, remove, figures, () => orcCycle(client));
};

async function besideIdle(
  start: () => Promise<ContainerId>,
  remove: (id: ContainerId) => Promise<void>,
  figures: Parameters<Row>[0]['figures'],
  one: () => Promise<void>,
): Promise<void> {
  const idle: ContainerId[] = [];
  const grow = (count: number): Promise<unknown> =>
    inParallel(count - idle.length, WIDTH, async () => void idle.push(await start()));
  const shrink = (count: number): Promise<unknown> =>
    inParallel(idle.length - count, 32, () => remove(idle.pop() as ContainerId));
  // The few on both sides of the many: the machine gets slower and faster by itself meanwhile.
  const few: number[] = [];
  const lots: number[] = [];
  for (const count of [FEW, IDLE, FEW]) {
    await (count > idle.length ? grow(count) : shrink(count));
    await sleep(SETTLE_MS);
    (count === FEW ? few : lots).push(...(await timeEach(CYCLES, one)));
  }
  const beside = median(few);
  figures.print('cycle.beside-10', beside, 'ms');
  figures.print('cycle.beside-1000', median(lots), 'ms', { name: 'beside-10', value: beside, goal: 1 / 1.5 });
  await shrink(0);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
