/** Files with problems do not say of which project they are: what runs of it is reached by its name all the same. */
import { resolve } from 'node:path';
import type { ProjectSummary } from '@orc/api/client';
import type { Context } from '../cli/context.ts';
import { Problems } from '../cli/problems.ts';

/** The error, with how to do without the files where there is something to reach. */
export async function withName(context: Context, error: unknown): Promise<unknown> {
  if (!(error instanceof Problems)) return error;
  return new Problems(error.problems, await adviceOf(context, error.problems));
}

async function adviceOf(context: Context, problems: Problems['problems']): Promise<string | undefined> {
  const { globals, io } = context;
  if (globals.projectName !== undefined)
    return `what runs is reached without files: leave out -f, "orc -p ${globals.projectName} ps" is enough`;
  const here = await projectsHere(context);
  if (here.length === 0) return undefined;
  const files = new Set(problems.flatMap(({ where }) => (where ? [resolve(io.cwd, where.file)] : [])));
  const own = here.filter(({ configFiles }) => configFiles.some((each) => files.has(each)));
  return own.length === 0
    ? 'what runs is reached without files by its name: "orc -p NAME ps"; "orc ls -a" has the names'
    : `what runs of it is reached without files by its name: ${own.map(({ name }) => `"orc -p ${name} ps"`).join(', ')}`;
}

/** None where nobody answers: then that is not what is wrong. */
async function projectsHere(context: Context): Promise<readonly ProjectSummary[]> {
  try {
    return await (await context.client()).listProjects(true);
  } catch {
    return [];
  }
}
