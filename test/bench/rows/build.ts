/** A build of 5,000 files and 200 MB, without cache and with all of it cached; the floor is tar to disk. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, timeEach } from '../figures.ts';
import { openBuildah } from '../peers/buildah.ts';
import type { Row } from './index.ts';

const FILES = 5000;
const FOLDERS = 50;
const BIG_FILES = 20;
const BIG_BYTES = 10 * 1024 * 1024;
const CACHED_ROUNDS = 3;

type Build = (args: readonly string[]) => void;
type Times = { readonly first: number; readonly cached: number };

export const build: Row = async ({ orc, docker, figures }) => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-build-'));
  const buildah = openBuildah();
  try {
    writeContext(folder);
    const floor = seconds(await timeEach(1, async () => archive(folder)));
    figures.print('tar-to-disk', floor, 's');
    const ours = await timesOf(folder, (args) => expectZero(orc.orc(['image', 'build', ...args])));
    figures.print('build.no-cache', ours.first, 's', { name: 'tar-to-disk', value: floor });
    figures.print('build.cached', ours.cached, 's');
    const peers: [string, Build | undefined][] = [
      ['docker', docker && ((args) => expectZero(docker.run('docker', ['build', ...args])))],
      ['buildah', buildah?.build],
    ];
    for (const [name, peer] of peers) {
      if (peer === undefined) {
        figures.note(`${name} is not installed`);
        continue;
      }
      const theirs = await timesOf(folder, peer);
      figures.print('build.no-cache', ours.first, 's', {
        name: `${name}.build.no-cache`,
        value: theirs.first,
      });
      figures.print('build.cached', ours.cached, 's', { name: `${name}.build.cached`, value: theirs.cached });
    }
  } finally {
    buildah?.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function timesOf(folder: string, run: Build): Promise<Times> {
  const args = ['-t', 'orc-bench-build', join(folder, 'context')];
  const first = await timeEach(1, async () => run(['--no-cache', ...args]));
  await timeEach(1, async () => run(args));
  return { first: seconds(first), cached: seconds(await timeEach(CACHED_ROUNDS, async () => run(args))) };
}

const seconds = (times: readonly number[]): number => median(times) / 1000;

function archive(folder: string): void {
  const file = join(folder, 'context.tar');
  spawnSync('sh', ['-c', `tar -C ${folder}/context -cf ${file} . && sync ${file}`]);
  rmSync(file);
}

/** In `context` below the folder: 5,000 files and 200 MB, none of which compresses. */
export function writeContext(folder: string): void {
  const context = join(folder, 'context');
  for (let index = 0; index < FOLDERS; index += 1)
    mkdirSync(join(context, 'tree', String(index)), { recursive: true });
  for (let index = 0; index < FILES; index += 1)
    writeFileSync(join(context, 'tree', String(index % FOLDERS), `f${index}`), randomBytes(1024));
  for (let index = 0; index < BIG_FILES; index += 1)
    writeFileSync(join(context, 'tree', `big${index}`), randomBytes(BIG_BYTES));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY tree /tree\nCMD ["/tree/none"]\n');
}

function expectZero({ code, stderr }: { readonly code: number; readonly stderr: string }): void {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
}
