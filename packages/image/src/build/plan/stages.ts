/** Stages, what each stands on and takes from, and which of them a build needs. */
import { nearestWord, type Problem, toProblem } from '@orc/model';
import type { Platform } from '../../plan/documents.ts';
import { formatPlatform, parsePlatform } from '../../plan/platform.ts';
import type { Action, Instruction } from './instruction.ts';
import { platformArgs } from './platform.ts';
import { readMount } from './run-mounts.ts';
import { expandWord } from './shell.ts';
import { type Source, syntaxProblem, whereOf } from './source.ts';

export type Base =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string; readonly platform?: string };

export type Stage = {
  readonly index: number;
  readonly name?: string;
  readonly base: Base;
  readonly from: Instruction;
  /** Without FROM. */
  readonly instructions: readonly Instruction[];
};

export type PlanInput = {
  readonly source: Source;
  readonly escape: '\\' | '`';
  readonly instructions: readonly Instruction[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
};

export type BuildPlan = {
  readonly stages: readonly Stage[];
  readonly target: number;
  /** Stages to build, in the order of the file; a trigger of a base image may need more. */
  readonly needed: readonly number[];
  /** Values of the ARGs above the first FROM. */
  readonly globals: Readonly<Record<string, string>>;
  /** `TARGETPLATFORM` and its like. */
  readonly automatic: Readonly<Record<string, string>>;
  /** Names of all ARGs in the file. */
  readonly declared: readonly string[];
};

export function planBuild(input: PlanInput): { plan?: BuildPlan; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const automatic = platformArgs(input.buildPlatform, input.targetPlatform);
  const globals = readGlobals(input, automatic, problems);
  const env = { ...automatic, ...globals };
  const stages: Stage[] = [];
  for (const part of splitStages(input.instructions)) {
    const stage = readStage(part, stages, { input, env, problems });
    stages.push(stage);
    checkSources(stage, stages, input.source, problems);
  }
  const target = findTarget(input, stages, problems);
  if (problems.length > 0 || target === undefined) return { problems };
  const declared = input.instructions.flatMap(({ action }) =>
    action.kind === 'arg' ? action.args.map(({ name }) => name) : [],
  );
  return {
    plan: { stages, target, needed: closure(stages, target), globals, automatic, declared },
    problems,
  };
}

/** The names that need no ARG to reach a RUN, and are never part of an image or of a cache key. */
export const PROXY_ARGS: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
);

type From = Extract<Action, { kind: 'from' }>;
type Part = { readonly from: Instruction; readonly action: From; readonly instructions: Instruction[] };

function splitStages(instructions: readonly Instruction[]): readonly Part[] {
  const parts: Part[] = [];
  for (const instruction of instructions) {
    const { action } = instruction;
    if (action.kind === 'from') parts.push({ from: instruction, action, instructions: [] });
    else parts.at(-1)?.instructions.push(instruction);
  }
  return parts;
}

function readGlobals(
  input: PlanInput,
  automatic: Readonly<Record<string, string>>,
  problems: Problem[],
): Readonly<Record<string, string>> {
  const globals: Record<string, string> = {};
  for (const { place, action } of input.instructions) {
    if (action.kind === 'from') return globals;
    if (action.kind !== 'arg') {
      const message = `${action.kind.toUpperCase()} stands before the first FROM`;
      problems.push(syntaxProblem(message, whereOf(input.source, place), 'only ARG may'));
      continue;
    }
    for (const { name, value } of action.args) {
      const given = input.buildArgs[name];
      if (given !== undefined) globals[name] = given;
      else if (value !== undefined) {
        const expanded = expandWord(value, { escape: input.escape, env: { ...automatic, ...globals } });
        if ('value' in expanded) globals[name] = expanded.value;
        else problems.push(syntaxProblem(expanded.error, whereOf(input.source, place, value)));
      }
    }
  }
  if (input.instructions.length > 0) {
    const where = whereOf(input.source, (input.instructions.at(-1) as Instruction).place);
    problems.push(syntaxProblem(`${input.source.name} has no FROM`, where, 'a build begins with FROM'));
  }
  return globals;
}

type StageContext = {
  readonly input: PlanInput;
  readonly env: Readonly<Record<string, string>>;
  readonly problems: Problem[];
};

function readStage(part: Part, earlier: readonly Stage[], context: StageContext): Stage {
  const { name } = part.action;
  return {
    index: earlier.length,
    ...(name === undefined ? {} : { name }),
    base: readBase(part, earlier, context),
    from: part.from,
    instructions: part.instructions,
  };
}

function readBase(part: Part, earlier: readonly Stage[], context: StageContext): Base {
  const reference = expandHere(part.action.image, part.from, context);
  if (reference === undefined) return { kind: 'scratch' };
  if (reference === '') {
    const hint = 'give the ARG a default above the first FROM, or a value with --build-arg';
    const where = whereOf(context.input.source, part.from.place, part.action.image);
    context.problems.push(syntaxProblem(`${part.action.image} is empty, so FROM has no image`, where, hint));
  }
  if (reference === 'scratch') return { kind: 'scratch' };
  const stage = stageByName(reference, earlier);
  if (stage !== undefined) return { kind: 'stage', index: stage.index };
  const platform = readPlatform(part, context);
  return { kind: 'image', reference, ...(platform === undefined ? {} : { platform }) };
}

function expandHere(text: string, from: Instruction, context: StageContext): string | undefined {
  const expanded = expandWord(text, { escape: context.input.escape, env: context.env });
  if ('value' in expanded) return expanded.value;
  context.problems.push(syntaxProblem(expanded.error, whereOf(context.input.source, from.place, text)));
  return undefined;
}

/** `undefined`: the build's own. */
function readPlatform(part: Part, context: StageContext): string | undefined {
  const text = part.action.platform;
  const expanded = text === undefined ? undefined : expandHere(text, part.from, context);
  if (text === undefined || expanded === undefined) return undefined;
  try {
    return formatPlatform(parsePlatform(expanded));
  } catch (error) {
    const { message, hint } = toProblem(error);
    context.problems.push(syntaxProblem(message, whereOf(context.input.source, part.from.place, text), hint));
    return undefined;
  }
}

/** The last of that name, as docker has it. */
const stageByName = (name: string, stages: readonly Stage[]): Stage | undefined =>
  stages.findLast((stage) => stage.name === name.toLowerCase());

/** The stage before `before` that a `--from` names; `undefined`: an image. */
export function stageOf(from: string, stages: readonly Stage[], before: number): Stage | undefined {
  const earlier = stages.slice(0, before);
  return stageByName(from, earlier) ?? (/^\d+$/.test(from) ? earlier[Number(from)] : undefined);
}

/** For a name that is no stage's, and no image's either. Undefined: it is no name that a stage could have. */
export function stageHint(name: string, before: number, stages: readonly Stage[]): string | undefined {
  if (!/^[A-Za-z][\w.-]*$/.test(name)) return undefined;
  if (stageByName(name, stages.slice(before + 1)) !== undefined)
    return `the stage ${name} stands below this one: move it above`;
  const names = stages.slice(0, before).map((stage) => stage.name ?? String(stage.index));
  const close = nearestWord(name.toLowerCase(), names);
  if (close !== undefined) return `did you mean the stage ${close}?`;
  return names.length === 0 ? undefined : `it is no stage: those above are ${names.join(', ')}`;
}

function checkSources(stage: Stage, stages: readonly Stage[], source: Source, problems: Problem[]): void {
  for (const { place, action } of stage.instructions) {
    const inner = action.kind === 'onbuild' ? action.instruction.action : action;
    for (const from of sourcesOf(inner)) {
      const wrong = wrongSource(from, stage, stages);
      if (wrong !== undefined) problems.push(syntaxProblem(wrong[0], whereOf(source, place, from), wrong[1]));
    }
  }
}

/** Stages or images that an instruction takes files from. */
function sourcesOf(action: Action): readonly string[] {
  if (action.kind === 'copy') return action.from === undefined ? [] : [action.from];
  if (action.kind !== 'run') return [];
  return action.mounts.flatMap((text) => {
    const found = readMount(text);
    const mount = 'error' in found ? undefined : found.mount;
    return mount?.kind === 'bind' && mount.from !== undefined ? [mount.from] : [];
  });
}

function wrongSource(from: string, stage: Stage, stages: readonly Stage[]): [string, string] | undefined {
  if (from.toLowerCase() === stage.name) return [`stage ${from} copies from itself`, 'name an earlier stage'];
  if (/^\d+$/.test(from) && stages[Number(from)]?.index !== undefined && Number(from) < stage.index)
    return undefined;
  if (/^\d+$/.test(from)) return [`there is no stage ${from} above this one`, 'stages count from 0'];
  return undefined;
}

function findTarget(input: PlanInput, stages: readonly Stage[], problems: Problem[]): number | undefined {
  const { target } = input;
  if (target === undefined || target === '') return stages.length === 0 ? undefined : stages.length - 1;
  const found = stageOf(target, stages, stages.length);
  if (found !== undefined) return found.index;
  const names = stages.map(({ name }) => name).filter((name) => name !== undefined);
  const close = nearestWord(target.toLowerCase(), names);
  const hint =
    close !== undefined ? `did you mean ${close}?` : `its stages are ${names.join(', ') || 'unnamed'}`;
  problems.push({ code: 'input.invalid', message: `${input.source.name} has no stage ${target}`, hint });
  return undefined;
}

/** Stages that a stage stands on or copies from. */
export function dependencies(stage: Stage, stages: readonly Stage[]): readonly number[] {
  const base = stage.base.kind === 'stage' ? stages[stage.base.index] : undefined;
  const triggers = base?.instructions.map(({ action }) => action) ?? [];
  const own = stage.instructions.map(({ action }) => action);
  const inherited = triggers
    .filter((action) => action.kind === 'onbuild')
    .map(({ instruction }) => instruction.action);
  const copied = [...inherited, ...own].flatMap((action) =>
    sourcesOf(action).map((from) => stageOf(from, stages, stage.index)?.index),
  );
  return [...new Set([base?.index, ...copied])].filter((index) => index !== undefined);
}

function closure(stages: readonly Stage[], target: number): readonly number[] {
  const needed = new Set<number>();
  const open = [target];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const stage = stages[index];
    if (stage === undefined || needed.has(index)) continue;
    needed.add(index);
    open.push(...dependencies(stage, stages));
  }
  return [...needed].sort((a, b) => a - b);
}
