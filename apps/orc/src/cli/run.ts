/** One run of the command line: argv to an exit code. Never throws. */
import { TABLE } from '../commands/table.ts';
import { parseArgv } from './build.ts';
import { type Context, createContext } from './context.ts';
import type { Io } from './io.ts';
import { report } from './problems.ts';

export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let context: Context | undefined;
  try {
    const parsed = parseArgv(TABLE, argv, io);
    if (parsed === undefined) return 0;
    const { row, args, flags } = parsed.invocation;
    context = createContext(io, parsed.globals);
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
