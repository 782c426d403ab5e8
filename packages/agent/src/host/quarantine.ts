/** What is damaged is set aside and said, for people to look at; never fatal (DECISIONS 16). */
import { mkdir, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { AgentOptions } from '../types.ts';

/** The names of what was set aside, below `containers/`; `what` is the kind of thing, for the log. */
export async function quarantine(
  { root, emit, clock }: AgentOptions,
  damaged: readonly string[],
  what: string,
): Promise<readonly string[]> {
  const folder = join(root, 'quarantine');
  if (damaged.length > 0) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const each of damaged) {
    await rename(each, join(folder, `${nameOf(each, root)}-${clock.now()}`));
    emit('error', `a ${what} is damaged and was set aside`, { path: each });
  }
  return damaged.map((each) => nameOf(each, root));
}

/** `ID`, or `ID-state.json`. */
const nameOf = (path: string, root: string): string =>
  relative(join(root, 'containers'), path).replaceAll('/', '-');
