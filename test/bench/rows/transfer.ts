/** save, load and pull of an image of 5,000 files and 200 MB; docker, podman and skopeo do the same with the same bytes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  hasRegistry,
  type RunningRegistry,
  startRegistry,
} from '../../../packages/image/test/kernel/support/registry.ts';
import { timeEach } from '../figures.ts';
import { NAMESPACE_FILE } from '../peers/docker.ts';
import { writeContext } from './build.ts';
import type { Bench, Row } from './index.ts';

const IMAGE = 'orc-bench-transfer';
/**
 * ext4 passes over inodes that were deleted less than 35 s ago, one by one: after rows that removed large trees whoever
 * makes many files is slow by a multiple.
 */
const RECENT_MS = 36_000;

/** Runs its command line; throws unless it ends with 0. */
type Tool = (...args: readonly string[]) => void;
type Peer = { readonly name: string; readonly tool: Tool; readonly registry: string };
type Seconds = { readonly save: number; readonly load: number; readonly pull: number };

export const transfer: Row = async (bench) => {
  if (!hasRegistry) return bench.figures.note('docker-registry or skopeo is not installed: no transfers');
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-transfer-'));
  const registries: RunningRegistry[] = [];
  try {
    writeContext(folder);
    orcTool(bench)('image', 'build', '-t', IMAGE, join(folder, 'context'));
    const archive = join(folder, 'first.tar');
    orcTool(bench)('image', 'save', '-o', archive, IMAGE);
    registries.push(await startRegistry(join(folder, 'registry')));
    const { address } = registries[0] as RunningRegistry;
    const plain = ['--dest-tls-verify=false', `oci-archive:${archive}`, `docker://${address}/${IMAGE}`];
    program('skopeo', ['--insecure-policy', 'copy', '-q'])(...plain);
    if (bench.docker !== undefined)
      registries.push(await startRegistry(join(folder, 'registry'), ['nsenter', `--net=${NAMESPACE_FILE}`]));
    await sleep(RECENT_MS);
    await compare(bench, folder, archive, registries);
  } finally {
    for (const { stop } of registries) await stop();
    spawnSync('umount', ['-l', join(folder, 'podman/root/overlay')], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  }
};

const program =
  (file: string, first: readonly string[] = []): Tool =>
  (...args) => {
    const { status, stderr } = spawnSync(file, [...first, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  };

const orcTool =
  ({ orc }: Bench): Tool =>
  (...args) => {
    const { code, stderr } = orc.orc(args);
    if (code !== 0) throw new Error(`orc ${args.join(' ')}: ${stderr}`);
  };

async function compare(
  bench: Bench,
  folder: string,
  archive: string,
  registries: readonly RunningRegistry[],
): Promise<void> {
  const { figures } = bench;
  const [registry, inside] = registries.map(({ address }) => address);
  const local = registry as string;
  const ours = await secondsOf({ name: 'orc', tool: orcTool(bench), registry: local }, folder, archive);
  const copied = await timed(() =>
    program('skopeo', ['--insecure-policy', 'copy', '-q', '--src-tls-verify=false'])(
      `docker://${local}/${IMAGE}`,
      `oci:${join(folder, 'copy')}`,
    ),
  );
  figures.print('pull', ours.pull, 's', { name: 'skopeo.copy (nothing unpacked)', value: copied });
  for (const peer of peersOf(bench, folder, local, inside)) {
    const theirs = await secondsOf(peer, folder, archive).catch((error: Error) => error.message);
    if (typeof theirs === 'string') figures.note(`${peer.name} cannot: ${theirs}`);
    else
      for (const what of ['save', 'load', 'pull'] as const)
        figures.print(what, ours[what], 's', { name: `${peer.name}.${what}`, value: theirs[what] });
  }
}

function peersOf({ docker }: Bench, folder: string, local: string, inside?: string): readonly Peer[] {
  const base = join(folder, 'podman');
  const podman = program('podman', ['--root', join(base, 'root'), '--runroot', join(base, 'run')]);
  const isThere = spawnSync('podman', ['--version']).status === 0;
  const dockerTool: Tool = (...args) => {
    const { code = 1, stderr = '' } = docker?.run('docker', args) ?? {};
    if (code !== 0) throw new Error(stderr);
  };
  const theirs = docker === undefined || inside === undefined ? [] : [inside];
  return [
    ...theirs.map((registry) => ({ name: 'docker', tool: dockerTool, registry })),
    ...(isThere ? [{ name: 'podman', tool: podman, registry: local }] : []),
  ];
}

/** Each finds nothing of the image when it loads or pulls. */
async function secondsOf({ name, tool, registry }: Peer, folder: string, archive: string): Promise<Seconds> {
  const insecure = name === 'podman' ? ['--tls-verify=false'] : [];
  const noun = name === 'orc' ? ['image'] : [];
  const verb = (word: string, ...args: readonly string[]): void => tool(...noun, word, ...args);
  if (name === 'orc') forget(tool, noun, IMAGE);
  const load = await timed(() => verb('load', '-i', archive));
  const saved = join(folder, `${name}.tar`);
  const named = name === 'podman' ? `docker.io/library/${IMAGE}` : IMAGE;
  const save = await timed(() => verb('save', '-o', saved, named));
  forget(tool, noun, named);
  const pull = await timed(() => verb('pull', ...insecure, `${registry}/${IMAGE}`));
  rmSync(saved);
  return { save, load, pull };
}

const forget = (tool: Tool, noun: readonly string[], image: string): void =>
  noun.length === 0 ? tool('rmi', '-f', image) : tool('image', 'rm', '-f', image);

const timed = async (call: () => void): Promise<number> => {
  const [ms = Number.NaN] = await timeEach(1, async () => call());
  return ms / 1000;
};
