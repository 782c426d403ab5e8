/**
 * Bundles what users start: `apps/orc/dist/orc.cjs` and `apps/orcd/dist/orcd.cjs`. CommonJS, because it starts twice as
 * fast; a first small file turns node's compile cache on before the large one is read.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Plugin, build } from 'esbuild';

const root = join(import.meta.dirname, '..');

type App = { readonly name: string; readonly folder: string; readonly external: readonly string[] };
const APPS: readonly App[] = [
  { name: 'orc', folder: join(root, 'apps/orc'), external: [] },
  // koffi loads a native file that lies beside it.
  { name: 'orcd', folder: join(root, 'apps/orcd'), external: ['koffi'] },
];

await Promise.all(APPS.map(bundle));

async function bundle({ name, folder, external }: App): Promise<void> {
  const out = join(folder, 'dist');
  mkdirSync(out, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'src/main.ts')],
    outfile: join(out, `${name}-main.cjs`),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    write: false,
    external: [...external],
    plugins: [sourceFolders(out), lazyChildren()],
  });
  for (const file of outputFiles) replace(file.path, file.contents);
  replace(join(out, `${name}.cjs`), starter(name));
}

/** Whole at every instant: a command may start while this runs. */
function replace(path: string, contents: string | Uint8Array): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents, { mode: 0o755 });
  renameSync(fresh, path);
}

/** The cache lies beside the bundle: a shared folder such as /tmp would let others put code into it. */
function starter(name: string): string {
  return `'use strict';
try {
  require('node:module').enableCompileCache(require('node:path').join(__dirname, '.compile-cache'));
} catch {}
require('./${name}-main.cjs');
`;
}

/** `import.meta.dirname` of a source stays the folder of that source: native programs are found from there. */
function sourceFolders(out: string): Plugin {
  return {
    name: 'source-folders',
    setup: (setup) => {
      setup.onLoad({ filter: /\/(packages|apps)\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.dirname')) return undefined;
        const folder = `require('node:path').join(__dirname, ${JSON.stringify(relative(out, dirname(path)))})`;
        return { contents: text.replaceAll('import.meta.dirname', folder), loader: 'ts' };
      });
    },
  };
}

/** commander loads it for subcommands that are programs, which ours are not: a millisecond of each start. */
function lazyChildren(): Plugin {
  return {
    name: 'lazy-children',
    setup: (setup) => {
      setup.onLoad({ filter: /\/commander\/lib\/command\.js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const needed = "import childProcess from 'node:child_process';";
        if (!text.includes(needed)) throw new Error(`${path} does not say ${needed}`);
        const later = text.replace(needed, '').replaceAll('childProcess.', "require('node:child_process').");
        return { contents: later, loader: 'js' };
      });
    },
  };
}
