/**
 * Bundles what users start: `apps/orc/dist/orc.cjs` and `apps/orcd/dist/orcd.cjs`. CommonJS, because it starts twice as
 * fast; that is a small file, which runs the large one with V8's code cache of it. Node's own compile cache is made
 * before anything has run: it lacks the functions that are compiled when they are called first, which is most.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type Plugin, build } from 'esbuild';

const root = join(import.meta.dirname, '..');

type App = {
  readonly name: string;
  readonly folder: string;
  readonly external: readonly string[];
  /** `latin1` is read a millisecond sooner, and must be ASCII. */
  readonly encoding: 'latin1' | 'utf8';
  readonly caches: readonly Cache[];
};
/** V8 reads a cache whole, so a command has one with little more than its own. The last is for whatever has none. */
type Cache = {
  readonly name: string;
  /** The first words of the command lines that it is for. */
  readonly words: readonly string[];
  /** A command line that goes through much of a start and changes nothing: what it compiles is in the cache. */
  readonly rehearsal: readonly string[];
};
const APPS: readonly App[] = [
  {
    name: 'orc',
    folder: join(root, 'apps/orc'),
    external: [],
    encoding: 'latin1',
    caches: [
      {
        name: 'engine',
        words: ['container', 'image', 'network', 'system', 'volume'],
        rehearsal: ['-H', 'unix:///nonexistent/orc.sock', 'container', 'run', '--rm', 'busybox', 'true'],
      },
      {
        name: 'project',
        words: [],
        rehearsal: ['-f', join(root, 'examples/shop/compose.yaml'), 'config'],
      },
    ],
  },
  {
    name: 'orcd',
    folder: join(root, 'apps/orcd'),
    // koffi loads a native file that lies beside it.
    external: ['koffi'],
    encoding: 'utf8',
    caches: [{ name: 'daemon', words: [], rehearsal: ['--config', '/nonexistent/orcd.json'] }],
  },
];

await Promise.all(APPS.map(bundle));

async function bundle(app: App): Promise<void> {
  const { name, folder, external, caches } = app;
  const out = join(folder, 'dist');
  mkdirSync(out, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: { [name]: join(folder, 'src/main.ts') },
    outdir: out,
    // A starter and a cache never meet the code of another build: they know theirs by its name.
    entryNames: '[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    write: false,
    external: [...external],
    plugins: [threadPrograms(), sourceFolders(out), lazyChildren()],
  });
  for (const file of outputFiles) {
    if (app.encoding === 'latin1' && file.path.endsWith('.cjs')) checkAscii(file.path, file.contents);
    replace(file.path, file.contents);
  }
  const code = basename(outputFiles.map(({ path }) => path).find((path) => path.endsWith('.cjs')) ?? '');
  // None but its own is in a cache: a rehearsal that began with another's would keep that too.
  const bare = script(code, app, 'undefined');
  for (const each of caches) rehearse(out, bare, each, join(out, `${code}.${each.name}.cache`));
  start(out, name, code, script(code, app, nameOf(caches)));
}

/** The bundler escapes strings, and leaves regular expressions as they are. */
function checkAscii(path: string, contents: Uint8Array): void {
  const at = contents.findIndex((byte) => byte > 0x7f);
  if (at < 0) return;
  const around = Buffer.from(contents.subarray(Math.max(0, at - 40), at + 20)).toString();
  throw new Error(`${path} is not ASCII: write an escape instead in ${around}`);
}

/** Whole at every instant: a command may start while this runs. */
function replace(path: string, contents: string | Uint8Array): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents, { mode: 0o755 });
  renameSync(fresh, path);
}

/** The code of the build before stays: whoever read its starter is about to read it. */
function start(out: string, name: string, code: string, script: string): void {
  const starter = join(out, `${name}.cjs`);
  const former = readIfThere(starter);
  replace(starter, `${script}script.runInThisContext()(exports, require, module, filename, __dirname);\n`);
  for (const file of readdirSync(out)) {
    const [build = ''] = /^.*?\.cjs/.exec(file) ?? [];
    const kept = build === `${name}.cjs` || build === code || former.includes(build);
    if (file.startsWith(name) && !kept) rmSync(join(out, file), { force: true });
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The name of the cache that a command line has, as an expression. */
function nameOf(caches: readonly Cache[]): string {
  return caches.reduceRight(
    (rest, { name, words }) =>
      rest === '' ? `'${name}'` : `${JSON.stringify(words)}.includes(process.argv[2]) ? '${name}' : ${rest}`,
    '',
  );
}

/** A cache that is missing, or that another version of V8 made, costs time only. */
function script(code: string, { encoding }: App, cache: string): string {
  return `'use strict';
const { readFileSync } = require('node:fs');
const { Script, constants } = require('node:vm');
const filename = \`\${__dirname}/${code}\`;
const cache = ${cache};
let cachedData;
try {
  cachedData = readFileSync(\`\${filename}.\${cache}.cache\`);
} catch {}
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const script = new Script(readFileSync(filename, '${encoding}'), { filename, cachedData, importModuleDynamically });
`;
}

/** Runs it to its end, and keeps what V8 had to compile for that. */
function rehearse(out: string, script: string, { rehearsal }: Cache, cache: string): void {
  const program = join(out, `${basename(cache)}.${process.pid}.cjs`);
  const keep = `require('node:fs').writeFileSync(${JSON.stringify(`${cache}.${process.pid}`)}, script.createCachedData())`;
  const run = `script.runInThisContext()(exports, require, module, filename, __dirname);`;
  writeFileSync(program, `${script}process.on('exit', () => ${keep});\n${run}\n`);
  spawnSync(process.execPath, [program, ...rehearsal], { stdio: 'ignore' });
  rmSync(program);
  renameSync(`${cache}.${process.pid}`, cache);
}

/** The program of a thread goes into the bundle as text: a daemon starts it long after its files were replaced. */
function threadPrograms(): Plugin {
  return {
    name: 'thread-programs',
    setup: (setup) => {
      setup.onLoad({ filter: /\/thread\/threads\.ts$/ }, async ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const said =
          "{ code: join(import.meta.dirname, 'main.ts'), eval: false, base: import.meta.filename }";
        if (!text.includes(said)) throw new Error(`${path} does not say ${said}`);
        const code = JSON.stringify(await threadProgram(join(dirname(path), 'main.ts')));
        return {
          contents: text.replace(said, () => `{ code: ${code}, eval: true, base: __filename }`),
          loader: 'ts',
        };
      });
    },
  };
}

/** It finds packages as the bundle does, which says where it is. */
async function threadProgram(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    banner: { js: '(function (require) {' },
    footer: {
      js: "})(require('node:module').createRequire(require('node:worker_threads').workerData.base));",
    },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    logLevel: 'warning',
    write: false,
    external: ['koffi'],
  });
  return outputFiles[0]?.text ?? '';
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
