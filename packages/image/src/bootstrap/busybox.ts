/** `busybox`: the host's static busybox with a link per applet. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Digest, fail } from '@orc/model';
import { appletsOf, BUSYBOX_CONFIG, BUSYBOX_FILES, BUSYBOX_FOLDERS } from '../plan/busybox.ts';
import { hostPlatform } from '../plan/platform.ts';
import type { Store } from '../store/context.ts';
import { commitFolder, discard, writeImage } from '../store/write.ts';
import type { OnProgress } from '../types.ts';

const CANDIDATES = ['/bin/busybox', '/usr/bin/busybox', '/usr/local/bin/busybox'];
const PT_INTERP = 3;

export async function bootstrapBusybox(store: Store, tag: string, onProgress: OnProgress): Promise<Digest> {
  const program = findProgram();
  onProgress({ status: `Copying ${program}` });
  const folder = await store.layers.newWorkFolder(
    `busybox-${store.options.random.number().toString(36).slice(2)}`,
  );
  try {
    await fillFolder(folder, program);
    const { mtime } = statSync(program);
    datedAll(folder, mtime);
    const layer = await commitFolder(store, folder, { withRoot: true });
    // Of the program: the same busybox gives the same image, whenever it is made.
    const created = mtime.toISOString();
    return await writeImage(store, {
      created,
      ...hostPlatform(process.arch),
      config: BUSYBOX_CONFIG,
      layers: [layer],
      history: [{ created, created_by: `orc image bootstrap ${tag}`, comment: 'busybox of the host' }],
      tags: [tag],
    });
  } finally {
    await discard(store, folder);
  }
}

function datedAll(path: string, time: Date): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) datedAll(join(path, name), time);
  lutimesSync(path, time, time);
}

function findProgram(): string {
  const program = CANDIDATES.find((path) => existsSync(path));
  const hint = 'apt-get install busybox-static';
  if (program === undefined) throw fail('program.missing', 'busybox is not installed on this host', { hint });
  if (!isStatic(readFileSync(program))) {
    throw fail('program.missing', `${program} needs shared libraries, which the image would not have`, {
      hint,
    });
  }
  return program;
}

/** No program header asks for an interpreter (elf(5), 64-bit little-endian). */
function isStatic(elf: Buffer): boolean {
  if (elf.toString('latin1', 0, 4) !== '\x7fELF' || elf[4] !== 2) return false;
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return !Array.from({ length: count }, (_, at) => elf.readUInt32LE(start + at * size)).includes(PT_INTERP);
}

async function fillFolder(folder: string, program: string): Promise<void> {
  chmodSync(folder, 0o755);
  for (const { path, mode } of BUSYBOX_FOLDERS) {
    mkdirSync(join(folder, path));
    chmodSync(join(folder, path), mode);
  }
  for (const { path, mode, text } of BUSYBOX_FILES) {
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), mode);
  }
  const installed = join(folder, 'bin/busybox');
  copyFileSync(program, installed);
  chmodSync(installed, 0o755);
  const { stdout } = await promisify(execFile)(program, ['--list']);
  for (const applet of appletsOf(stdout)) linkSync(installed, join(folder, 'bin', applet));
  symlinkSync('../../bin/env', join(folder, 'usr/bin/env'));
}
