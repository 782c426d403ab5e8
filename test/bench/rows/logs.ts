/** 200 MB of log lines written with rotation off, beside a pipe to a file; and read back. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from './index.ts';

const LINE = 'x'.repeat(99);
const LINES = 2_000_000;
const WRITER = `yes ${LINE} | head -n ${LINES}`;

export const logs: Row = async ({ orc, docker, figures }) => {
  const { client } = orc;
  const before = pipeToFile();
  const { id } = await client.createContainer({
    spec: { image: 'busybox', command: ['sh', '-c', WRITER], logging: { driver: 'local', maxSizeBytes: 0 } },
  });
  const ended = client.waitContainer(id, 'next-exit', new AbortController().signal);
  const wrote = await seconds(async () => {
    await client.startContainer(id);
    await ended;
  });
  // Half of it before and half after, as the load of the machine changes.
  const pipe = (before + pipeToFile()) / 2;
  let bytes = 0;
  const read = await seconds(async () => {
    for await (const { data } of client.containerLogs(id, {}, new AbortController().signal))
      bytes += data.length;
  });
  if (bytes !== LINES * (LINE.length + 1)) throw new Error(`read ${bytes} bytes of log`);
  figures.print('pipe-to-file', pipe, 's');
  figures.print('logs.write', wrote, 's', { name: 'pipe-to-file', value: pipe, goal: 1 / 1.5 });
  await client.removeContainer(id, {});
  if (docker === undefined) return figures.print('logs.read', read, 's');
  const container = docker.run('docker', ['create', 'busybox', 'sh', '-c', WRITER]).stdout.trim();
  const theirWrite = await seconds(async () => docker.run('docker', ['start', '-a', container]));
  const theirRead = await seconds(async () =>
    docker.run('sh', ['-c', `docker logs ${container} > /dev/null`]),
  );
  figures.print('docker.logs.write-attached', theirWrite, 's');
  figures.print('docker.logs.read', theirRead, 's');
  figures.print('logs.read', read, 's', { name: 'docker', value: theirRead, goal: 5 });
  docker.run('docker', ['rm', container]);
};

/** What the same lines cost when they only go through a pipe into a file. */
function pipeToFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-logs-'));
  const began = performance.now();
  spawnSync('/bin/busybox', ['sh', '-c', `${WRITER} | cat > ${join(folder, 'log')}`]);
  const took = (performance.now() - began) / 1000;
  rmSync(folder, { recursive: true });
  return took;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
