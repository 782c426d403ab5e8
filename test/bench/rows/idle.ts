/**
 * The daemon with 100 idle containers, 20 of them with a health check every 30 s, over a minute. It is begun anew: what it
 * keeps of builds and of a thousand containers before is theirs.
 */
import { readFileSync } from 'node:fs';
import type { ContainerId } from '@orc/model';
import { inParallel } from '../figures.ts';
import type { Row } from './index.ts';
import { pssKb } from './memory.ts';

const COUNT = 100;
const CHECKED = 20;
const SECONDS = 60;
const TICKS_PER_SECOND = 100;

export const idle: Row = async ({ orc, figures }) => {
  const { client } = orc;
  await orc.stop();
  await orc.start();
  figures.note('the daemon was begun anew for idle');
  const ids: ContainerId[] = [];
  await inParallel(COUNT, 8, async (index) => {
    const healthcheck = index < CHECKED ? { healthcheck: { test: ['CMD', 'true'], intervalMs: 30_000 } } : {};
    const { id } = await client.createContainer({
      spec: { image: 'busybox', command: ['sleep', '100000'], ...healthcheck },
    });
    await client.startContainer(id);
    ids.push(id);
  });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const before = cpuSeconds(orc.pid());
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const used = ((cpuSeconds(orc.pid()) - before) / SECONDS) * 100;
  figures.print('idle.pss', pssKb(orc.pid()) / 1024, 'MB', {
    name: 'the limit of 100 MB',
    value: 100,
    goal: 1,
  });
  figures.print('idle.cpu', Math.max(used, 0.01), '%', { name: 'the limit of 1 %', value: 1, goal: 1 });
  await Promise.all(ids.map((id) => client.removeContainer(id, { force: true })));
};

/** User and system time of all threads (proc(5), fields 14 and 15). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
