/** Where the daemon's program is: its bundle beside ours, or its sources when ours are run. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '@orc/model';

/** Arguments for node. */
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
  return [found];
}

/** `dist` of the bundle or `src` of the sources: the folder of the file that node was started with. */
const entryFolder = (): string => dirname(process.env['ORC_ENTRY'] ?? process.argv[1] ?? '.');
