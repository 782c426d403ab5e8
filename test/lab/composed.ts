/** Compose text to what `orc up` sends, without a command line in between. */
import type { Client, PutResult } from '@orc/api/client';
import { resolveProject } from '@orc/compose';
import type { Digest, Project, UpOptions } from '@orc/model';

/** Throws the first problem of the text. */
export async function composed(name: string, text: string): Promise<Project> {
  const file = `/${name}/compose.yaml`;
  const { project, problems } = await resolveProject(
    async ({ path }) => (path === file ? { kind: 'text', text } : { kind: 'missing' }),
    { files: [file], cwd: `/${name}`, projectName: name, environment: {} },
  );
  const [problem] = problems;
  if (project === undefined || problem !== undefined)
    throw new Error(problem?.message ?? `${name} is no project`);
  return project;
}

/** Committed when it resolves; what it asks for follows. */
export async function upOf(
  client: Client,
  project: Project,
  options: Partial<UpOptions> = {},
): Promise<PutResult> {
  const names = [...new Set(project.services.map(({ container }) => container.image))];
  const ids = await Promise.all(names.map(async (name) => (await client.inspectImage(name)).Id as Digest));
  const images = Object.fromEntries(names.map((name, index) => [name, ids[index] as Digest]));
  return client.putProject(project.name, { project, images, options: { desired: 'run', ...options } });
}
