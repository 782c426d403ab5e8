/** Where the daemon's program is: its bundle beside ours, or its sources when ours are run. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail } from '@orc/model';

/** A young generation of 12 MB instead of 48: what a start leaves behind is collected soon, not kept. */
const DAEMON_FLAGS = ['--max-semi-space-size=4'];

/**
 * Node takes types out of our sources with WebAssembly, in each thread anew. When two threads optimize its calls back at
 * once, V8 frees code that is not there and ends the process ("Check failed: jit_page.has_value()"): it never does so now.
 */
export const SOURCE_FLAGS: readonly string[] = ['--wasm-wrapper-tiering-budget=2000000000'];

/**
 * For glibc's allocator: large buffers go back to the kernel when they are freed, and stay no holes in the heap; few
 * threads have an arena of their own. After 200 MB of logs were read the daemon has 49 MB instead of 72.
 */
export const DAEMON_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
};

/** Arguments for node, with `DAEMON_ENVIRONMENT`. */
export function daemonProgram(): readonly string[] {
  const here = entryFolder();
  const candidates = here.endsWith('/dist')
    ? ['../../orcd/dist/orcd.cjs', '../node_modules/@orc/orcd/dist/orcd.cjs', '../../orcd/src/main.ts']
    : ['../../orcd/src/main.ts', '../../orcd/dist/orcd.cjs'];
  const found = candidates.map((each) => join(here, each)).find((each) => existsSync(each));
  if (found === undefined)
    throw fail('program.missing', `the daemon's program is not beside ${here}`, {
      hint: 'run "npm run setup"',
    });
  return daemonArguments(resolve(found));
}

/** After `--` nothing is node's: it would take `--env-file` for its own wherever it stands. */
export const daemonArguments = (program: string): readonly string[] => [
  ...DAEMON_FLAGS,
  ...(program.endsWith('.ts') ? SOURCE_FLAGS : []),
  '--',
  program,
];

/** `dist` of the bundle or `src` of the sources: the folder of the file that node was started with. */
const entryFolder = (): string => dirname(process.env['ORC_ENTRY'] ?? process.argv[1] ?? '.');
