/** One operation on several things: each result on a line, each failure reported, the rest goes on. */
import type { Context } from '../cli/context.ts';
import { report } from '../cli/problems.ts';

export async function eachOf(
  context: Context,
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
): Promise<number> {
  const results = await Promise.allSettled(names.map(act));
  let code = 0;
  for (const result of results) {
    if (result.status === 'fulfilled' && result.value !== undefined) context.out(result.value);
    if (result.status === 'rejected') code = Math.max(code, report(context.io, result.reason));
  }
  return code;
}
