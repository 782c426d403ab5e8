/** A Dockerfile's text to the plan of its build; every problem at once. */
import type { Problem } from '@orc/model';
import type { Platform } from '../../plan/documents.ts';
import { type Instruction, readInstructions } from './instruction.ts';
import { parseNodes } from './nodes.ts';
import type { Source } from './source.ts';
import { type BuildPlan, planBuild } from './stages.ts';

export type DockerfileInput = {
  readonly name: string;
  readonly text: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
};
export type PlannedBuild = { readonly plan: BuildPlan; readonly source: Source; readonly escape: '\\' | '`' };

export function planDockerfile(input: DockerfileInput): {
  planned?: PlannedBuild;
  problems: readonly Problem[];
} {
  const { file, problems: syntax } = parseNodes(input.name, input.text);
  const { instructions, problems: meaning } = readInstructions(file);
  const { source, directives } = file;
  const problems = inOrder([...syntax, ...meaning]);
  if (problems.some(({ severity }) => severity !== 'warning')) return { problems };
  const { escape } = directives;
  const found = planBuild({ ...input, source, escape, instructions });
  const all = inOrder([...problems, ...found.problems]);
  return found.plan === undefined
    ? { problems: all }
    : { planned: { plan: found.plan, source, escape }, problems: all };
}

/** Instructions of an image's ONBUILD triggers, or of `changes` of an import; no FROM among them. */
export function parseFragment(
  name: string,
  text: string,
): { instructions: readonly Instruction[]; source: Source; problems: readonly Problem[] } {
  const { file, problems } = parseNodes(name, text);
  const { instructions, problems: meaning } = readInstructions(file);
  return { instructions, source: file.source, problems: inOrder([...problems, ...meaning]) };
}

const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted(
    (a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0),
  );
