/** What an idle container costs outside its own processes: its shim, and the daemon's growth. */
import { readFileSync, readdirSync } from 'node:fs';
import type { ContainerId } from '@orc/model';
import { inParallel } from '../figures.ts';
import type { Row } from './index.ts';

const COUNT = 100;

export const memory: Row = async ({ orc, docker, figures }) => {
  const { client } = orc;
  const before = pssKb(orc.pid());
  const availableBefore = availableKb();
  const ids: ContainerId[] = [];
  await inParallel(COUNT, 8, async () => {
    const { id } = await client.createContainer({ spec: { image: 'busybox', command: ['sleep', '100000'] } });
    await client.startContainer(id);
    ids.push(id);
  });
  const shims = shimsOf(orc.env['ORC_ROOT'] as string);
  const shimKb = shims.reduce((sum, pid) => sum + pssKb(pid), 0) / Math.max(1, shims.length);
  const daemonKb = Math.max(0, pssKb(orc.pid()) - before) / COUNT;
  const fallKb = (availableBefore - availableKb()) / COUNT;
  figures.note(`${shims.length} shims found`);
  figures.print('memory.shim', shimKb, 'KB');
  figures.print('memory.daemon-growth', daemonKb, 'KB');
  figures.print('memory.idle', shimKb + daemonKb, 'KB', { name: 'the limit of 120 KB', value: 120, goal: 1 });
  await Promise.all(ids.map((id) => client.removeContainer(id, { force: true })));
  if (docker === undefined) return figures.print('memory.available-fall', fallKb, 'KB');
  const dockerBefore = availableKb();
  const names: string[] = [];
  await inParallel(COUNT, 8, async () => {
    const { Id } = (await docker.call('POST', '/containers/create', {
      Image: 'busybox',
      Cmd: ['sleep', '100000'],
    })) as { Id: string };
    await docker.call('POST', `/containers/${Id}/start`);
    names.push(Id);
  });
  const dockerFall = (dockerBefore - availableKb()) / COUNT;
  figures.print('docker.memory.available-fall', dockerFall, 'KB');
  figures.print('memory.available-fall', fallKb, 'KB', { name: 'docker', value: dockerFall });
  docker.run('docker', ['rm', '-f', ...names]);
};

export function pssKb(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const availableKb = (): number =>
  Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);

/** This instance's launcher, which its command line tells, and its children. */
function shimsOf(root: string): readonly number[] {
  const run = root.replace(/root$/, 'run');
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const launcher = pids.find((pid) => {
    const command = fileOf(pid, 'cmdline');
    return command.includes('orc-launch') && command.includes(run);
  });
  if (launcher === undefined) return [];
  const isShim = (pid: number): boolean =>
    new RegExp(`^PPid:\\s+${launcher}$`, 'm').test(fileOf(pid, 'status'));
  return [launcher, ...pids.filter(isShim)];
}

/** '' for one that has ended. */
function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
