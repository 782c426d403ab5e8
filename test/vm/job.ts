/** What goes into the machine: bundles of the sources as they are now, laid out as in the repository, below /orc. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type Plugin, build } from 'esbuild';

const repository = join(import.meta.dirname, '../..');
const INSIDE = '/orc';

const BUNDLES: Readonly<Record<string, string>> = {
  'apps/orcd/src/main.ts': 'apps/orcd/dist/orcd.cjs',
  'apps/orc/src/main.ts': 'apps/orc/dist/orc.cjs',
  'test/vm/guest/main.ts': 'test/vm/guest/main.cjs',
  // The program of a thread, where its source has it.
  'packages/image/src/thread/main.ts': 'packages/image/src/thread/main.ts',
};
const COPIES: readonly string[] = [
  'apps/orc/bin/orc',
  'packages/runtime/native/build/orc-launch',
  'node_modules/koffi/package.json',
  'node_modules/koffi/index.cjs',
  'node_modules/koffi/src',
  'node_modules/@koromix/koffi-linux-x64/package.json',
  'node_modules/@koromix/koffi-linux-x64/index.js',
  'node_modules/@koromix/koffi-linux-x64/linux_x64',
];
/** `ORC_VM_ONLY`, a part of a name, leaves all other cases out. */
const run = (only = ''): string => `cd ${INSIDE}
export ORC_TEST_BUNDLE=1 ORC_TEST_START_MS=90000 ORC_VM_ONLY='${only}'
exec node --disable-warning=ExperimentalWarning ${INSIDE}/test/vm/guest/main.cjs
`;

export type Job = { readonly disk: string; readonly consoleFile: string; remove(): void };

/** A tar that is a raw disk. */
export async function makeJob(): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-vm-job-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const stage = join(folder, 'orc');
    await Promise.all(Object.entries(BUNDLES).map(([from, to]) => bundle(from, join(stage, to))));
    for (const each of COPIES) cpSync(join(repository, each), join(stage, each), { recursive: true });
    writeFileSync(join(stage, 'run.sh'), run(process.env['ORC_VM_ONLY']));
    const disk = join(folder, 'job.tar');
    const { status, stderr } = spawnSync('tar', ['-C', stage, '-cf', disk, '.'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`tar: ${stderr}`);
    return { disk, consoleFile: join(folder, 'console'), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function bundle(from: string, outfile: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    entryPoints: [join(repository, from)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    external: ['koffi'],
    plugins: [foldersInside],
  });
}

/** A source's own folder is the one that it would have inside. */
const foldersInside: Plugin = {
  name: 'folders-inside',
  setup: (setup) => {
    setup.onLoad({ filter: /\/(packages|apps|test)\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('/node_modules/') || !text.includes('import.meta.dirname')) return undefined;
      const folder = JSON.stringify(join(INSIDE, relative(repository, dirname(path))));
      return { contents: text.replaceAll('import.meta.dirname', folder), loader: 'ts' };
    });
  },
};
