/** One run of the command line: argv to an exit code. Never throws. */
import { TABLE } from '../commands/table.ts';
import { parseArgv } from './build.ts';
import { isOfCompose } from './compose-env.ts';
import { type Context, createContext } from './context.ts';
import { withEnvFiles } from './env-file.ts';
import type { Io } from './io.ts';
import { report } from './problems.ts';

export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let context: Context | undefined;
  try {
    const first = parseArgv(TABLE, argv, io);
    if (first === undefined) return 0;
    const own = isOfCompose(first.invocation.row) ? await withEnvFiles(io, first.globals) : io;
    const parsed = own === io ? first : (parseArgv(TABLE, argv, own) ?? first);
    const { row, args, flags } = parsed.invocation;
    context = createContext(own, parsed.globals);
    for (const warning of context.globals.warnings) context.err(`warning: ${warning}`);
    const body = await row.load();
    const code = await body(context, args, flags);
    await context.close();
    return code;
  } catch (error) {
    await context?.close();
    return report(io, error);
  }
}
