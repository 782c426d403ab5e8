/** One operation on several things: each result on a line, each failure reported, the rest goes on. */
import type { Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { report } from '../cli/problems.ts';
import { printInspect } from '../format/output.ts';

/** `harmless`: said, and no failure. */
export async function eachOf(
  context: Context,
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
  harmless: (error: unknown) => boolean = () => false,
): Promise<number> {
  const results = await Promise.allSettled(names.map(act));
  let code = 0;
  for (const result of results) {
    if (result.status === 'fulfilled' && result.value !== undefined) context.out(result.value);
    if (result.status === 'fulfilled') continue;
    const failed = report(context.io, result.reason);
    if (!harmless(result.reason)) code = Math.max(code, failed);
  }
  return code;
}

/** `inspect`: what was found is printed as one list; what was not is reported. */
export async function inspectEach(
  context: Context,
  flags: Flags,
  names: readonly string[],
  inspect: (name: string) => Promise<unknown>,
): Promise<number> {
  const found: unknown[] = [];
  const code = await eachOf(context, names, async (name) => {
    found.push(await inspect(name));
    return undefined;
  });
  if (found.length > 0 || code !== 0) printInspect(context, flags, found);
  return code;
}
