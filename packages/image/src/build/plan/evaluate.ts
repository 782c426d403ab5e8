/** What an instruction does in a stage: a change of the config, or a step that writes files. */
import { posix } from 'node:path';
import { isSignal, type Problem } from '@orc/model';
import { expandPorts } from './ports.ts';
import {
  type Action,
  bodyOf,
  type CommandForm,
  type CopyInstruction,
  type Instruction,
  optional,
  type Pair,
} from './instruction.ts';
import { opening } from './nodes.ts';
import { expandWord, expandWords } from './shell.ts';
import { readMount, type RunMountSpec } from './run-mounts.ts';
import { type Source, syntaxProblem, whereOf } from './source.ts';
import { shellOf, type StageState, withConfig, withEnv, workingDirOf } from './state.ts';

export type Scope = {
  readonly source: Source;
  readonly escape: '\\' | '`';
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Values of ARGs above the first FROM, and the automatic ones; an ARG without a value takes them. */
  readonly globals: Readonly<Record<string, string>>;
};

export type RunWork = {
  readonly kind: 'run';
  readonly argv: readonly string[];
  /** A program of its own (`#!`): to be written here, executable, while the step runs. */
  readonly script?: { readonly path: string; readonly content: string };
  readonly network?: 'default' | 'none' | 'host';
  /** Targets are absolute. */
  readonly mounts: readonly RunMountSpec[];
};
export type CopyWork = {
  readonly kind: 'copy';
  readonly add: boolean;
  readonly from?: string;
  readonly sources: readonly string[];
  readonly files: readonly { readonly name: string; readonly content: string }[];
  /** Absolute, normalised. */
  readonly destination: string;
  /** It was written as a directory, or has to be one. */
  readonly intoFolder: boolean;
  readonly chown?: string;
  readonly chmod?: string;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly unpack: boolean;
};
export type WorkdirWork = { readonly kind: 'workdir'; readonly path: string };
export type Work = RunWork | CopyWork | WorkdirWork;

/** `createdBy`: the history's line. Values of build arguments never enter it. */
export type Step = { readonly state: StageState; readonly createdBy: string; readonly work?: Work };
export type Evaluated = { readonly step: Step } | { readonly problem: Problem };

export function evaluate(instruction: Instruction, state: StageState, scope: Scope): Evaluated {
  try {
    return { step: EVALUATORS[instruction.action.kind]({ instruction, state, scope }) };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.problem };
    throw error;
  }
}

class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

type Input = { readonly instruction: Instruction; readonly state: StageState; readonly scope: Scope };
type Evaluator = (input: Input) => Step;
type ActionOf<K, A = Action> = A extends { kind: infer Kinds } ? (K extends Kinds ? A : never) : never;

const actionOf = <K extends Action['kind']>(input: Input): ActionOf<K> =>
  input.instruction.action as unknown as ActionOf<K>;

function refuse(input: Input, message: string, at?: string, hint?: string): never {
  const where = whereOf(input.scope.source, input.instruction.place, at);
  throw new Refusal(syntaxProblem(message, where, hint));
}

function word(input: Input, text: string): string {
  const expanded = expandWord(text, { escape: input.scope.escape, env: input.state.env });
  return 'value' in expanded ? expanded.value : refuse(input, expanded.error, text);
}

function words(input: Input, text: string): readonly string[] {
  const expanded = expandWords(text, { escape: input.scope.escape, env: input.state.env });
  return 'value' in expanded ? expanded.value : refuse(input, expanded.error, text);
}

const EVALUATORS: Readonly<Record<Action['kind'], Evaluator>> = {
  from: ({ state }) => ({ state, createdBy: '' }),
  arg: evaluateArg,
  env: (input) => evaluateEnv(input),
  label: evaluateLabel,
  run: evaluateRun,
  copy: evaluateCopy,
  add: evaluateCopy,
  workdir: evaluateWorkdir,
  user: (input) => {
    const User = word(input, actionOf<'user'>(input).value);
    return { state: withConfig(input.state, { User }), createdBy: `USER ${User}` };
  },
  stopsignal: evaluateStopSignal,
  maintainer: (input) => {
    const { value } = actionOf<'maintainer'>(input);
    return { state: { ...input.state, author: value }, createdBy: `MAINTAINER ${value}` };
  },
  expose: evaluateExpose,
  volume: evaluateVolume,
  entrypoint: evaluateEntrypoint,
  cmd: evaluateCmd,
  shell: (input) => {
    const { words: Shell } = actionOf<'shell'>(input);
    return { state: withConfig(input.state, { Shell }), createdBy: `SHELL ${JSON.stringify(Shell)}` };
  },
  healthcheck: evaluateHealthcheck,
  onbuild: (input) => {
    const { trigger } = actionOf<'onbuild'>(input);
    const OnBuild = [...(input.state.config.OnBuild ?? []), trigger];
    return { state: withConfig(input.state, { OnBuild }), createdBy: `ONBUILD ${trigger}` };
  },
};

function evaluateArg(input: Input): Step {
  const { args } = actionOf<'arg'>(input);
  let { state } = input;
  for (const { name, value } of args) {
    const found = argValue({ ...input, state }, name, value);
    if (found !== undefined) state = { ...state, env: { ...state.env, [name]: found } };
  }
  const written = args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
  return { state, createdBy: `ARG ${written.join(' ')}` };
}

/** The one given to the build, else its default, else that of the ARG above the first FROM. */
function argValue(input: Input, name: string, value: string | undefined): string | undefined {
  const { buildArgs, globals } = input.scope;
  if (Object.hasOwn(buildArgs, name)) return buildArgs[name];
  if (value !== undefined) return word(input, value);
  return Object.hasOwn(globals, name) ? globals[name] : undefined;
}

/** All values of one instruction see the variables as they were before it. */
function expandPairs(input: Input, pairs: readonly Pair[]): readonly Pair[] {
  return pairs.map(({ name, value }) => {
    const expanded = word(input, name);
    if (expanded === '') return refuse(input, `the name ${name} is empty`, name);
    return { name: expanded, value: word(input, value) };
  });
}

const written = (pairs: readonly Pair[]): string =>
  pairs.map(({ name, value }) => `${name}=${value}`).join(' ');

function evaluateEnv(input: Input): Step {
  const pairs = expandPairs(input, actionOf<'env'>(input).pairs);
  return { state: withEnv(input.state, pairs), createdBy: `ENV ${written(pairs)}` };
}

function evaluateLabel(input: Input): Step {
  const pairs = expandPairs(input, actionOf<'label'>(input).pairs);
  const added = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  const Labels = { ...input.state.config.Labels, ...added };
  return { state: withConfig(input.state, { Labels }), createdBy: `LABEL ${written(pairs)}` };
}

const commandOf = (state: StageState, { shell, words: list }: CommandForm): readonly string[] =>
  shell && list.length > 0 ? [...shellOf(state.config), list.join(' ')] : list;

function evaluateRun(input: Input): Step {
  const { command, heredocs, network } = actionOf<'run'>(input);
  const mounts = evaluateMounts(input);
  const [line = ''] = command.words;
  const [first] = heredocs;
  const single = command.shell && first !== undefined && opening(line) !== undefined;
  const body = bodyOf(first);
  if (single && body.startsWith('#!')) {
    const script = { path: `/.orc-run-${first.name.replace(/[^a-zA-Z0-9_-]/g, '_')}`, content: body };
    const argv = commandOf(input.state, { shell: true, words: [script.path] });
    return runStep(input, argv, { ...optional('network', network), script, mounts });
  }
  const rest = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
  const text = single ? body : line + rest;
  const argv = commandOf(input.state, command.shell ? { shell: true, words: [text] } : command);
  return runStep(input, argv, { ...optional('network', network), mounts });
}

function evaluateMounts(input: Input): readonly RunMountSpec[] {
  return actionOf<'run'>(input).mounts.flatMap((text) => {
    const found = readMount(word(input, text));
    if ('error' in found) return refuse(input, found.error, text, found.hint);
    if (found.mount === undefined) return [];
    if (found.mount.target === undefined) return [found.mount];
    const target = posix.resolve(workingDirOf(input.state.config), found.mount.target);
    return [{ ...found.mount, target }];
  });
}

function runStep(input: Input, argv: readonly string[], more: Omit<RunWork, 'kind' | 'argv'>): Step {
  const shown = more.script === undefined ? argv : [...argv, more.script.content];
  return { state: input.state, createdBy: `RUN ${shown.join(' ')}`, work: { kind: 'run', argv, ...more } };
}

function evaluateCopy(input: Input): Step {
  const action = input.instruction.action as CopyInstruction;
  const sources = action.sources.map((source) => word(input, source));
  const written = word(input, action.destination);
  const several = action.sources.length + action.files.length > 1;
  const folder = /(^|\/)\.{0,2}$/.test(written);
  if (several && !folder && action.parents === false) {
    refuse(
      input,
      `${written} takes several sources and does not end with /`,
      action.destination,
      `write ${written}/`,
    );
  }
  const work: CopyWork = {
    kind: 'copy',
    add: action.kind === 'add',
    sources,
    files: action.files.map(({ name, content, expand }) => ({
      name,
      content: expand ? heredocText(input, content) : content,
    })),
    destination: posix.resolve(workingDirOf(input.state.config), written),
    intoFolder: folder || action.parents,
    parents: action.parents,
    exclude: action.exclude.map((each) => word(input, each)),
    unpack: action.unpack,
    ...optional('from', action.from),
    ...optional('chown', action.chown === undefined ? undefined : word(input, action.chown)),
    ...optional('chmod', action.chmod === undefined ? undefined : word(input, action.chmod)),
  };
  const names = [...sources, ...action.files.map(({ name }) => `<<${name}`)];
  const flags = ['from', 'chown', 'chmod'] as const;
  const shown = flags.flatMap((flag) => (work[flag] === undefined ? [] : [`--${flag}=${work[flag]}`]));
  return {
    state: input.state,
    createdBy: [action.kind.toUpperCase(), ...shown, ...names, written].join(' '),
    work,
  };
}

function heredocText(input: Input, content: string): string {
  const expanded = expandWord(content, {
    escape: input.scope.escape,
    env: input.state.env,
    ignoreQuotes: true,
  });
  return 'value' in expanded ? expanded.value : refuse(input, expanded.error);
}

function evaluateWorkdir(input: Input): Step {
  const written = word(input, actionOf<'workdir'>(input).value);
  if (written === '') refuse(input, 'WORKDIR is empty', actionOf<'workdir'>(input).value);
  const path = posix.resolve(workingDirOf(input.state.config), written);
  const state = withConfig(input.state, { WorkingDir: path });
  return { state, createdBy: `WORKDIR ${path}`, work: { kind: 'workdir', path } };
}

function evaluateStopSignal(input: Input): Step {
  const { value } = actionOf<'stopsignal'>(input);
  const StopSignal = word(input, value);
  if (!isSignal(StopSignal))
    refuse(input, `${StopSignal} is no signal`, value, 'a name such as SIGTERM, or a number');
  return { state: withConfig(input.state, { StopSignal }), createdBy: `STOPSIGNAL ${StopSignal}` };
}

function evaluateExpose(input: Input): Step {
  const written = actionOf<'expose'>(input).words.flatMap((each) => words(input, each));
  const ports = written.flatMap((each) => {
    const found = expandPorts(each);
    return found ?? refuse(input, `${each} is no port`, each, 'such as 80, 53/udp or 8000-8010/tcp');
  });
  const added = Object.fromEntries(ports.map((port) => [port, {}]));
  const ExposedPorts = { ...input.state.config.ExposedPorts, ...added };
  return { state: withConfig(input.state, { ExposedPorts }), createdBy: `EXPOSE ${ports.join(' ')}` };
}

function evaluateVolume(input: Input): Step {
  const paths = actionOf<'volume'>(input).words.map((each) => word(input, each));
  if (paths.includes('')) refuse(input, 'VOLUME has an empty path');
  const added = Object.fromEntries(paths.map((path) => [path, {}]));
  const Volumes = { ...input.state.config.Volumes, ...added };
  return { state: withConfig(input.state, { Volumes }), createdBy: `VOLUME ${paths.join(' ')}` };
}

/** It clears a CMD that the stage inherited, for that was meant for another program. */
function evaluateEntrypoint(input: Input): Step {
  const Entrypoint = commandOf(input.state, actionOf<'entrypoint'>(input).command);
  const state = withConfig(input.state, { Entrypoint, ...(input.state.cmdSet ? {} : { Cmd: null }) });
  return { state, createdBy: `ENTRYPOINT ${JSON.stringify(Entrypoint)}` };
}

function evaluateCmd(input: Input): Step {
  const Cmd = commandOf(input.state, actionOf<'cmd'>(input).command);
  return {
    state: { ...withConfig(input.state, { Cmd }), cmdSet: true },
    createdBy: `CMD ${JSON.stringify(Cmd)}`,
  };
}

function evaluateHealthcheck(input: Input): Step {
  const { check } = actionOf<'healthcheck'>(input);
  const createdBy = `HEALTHCHECK ${JSON.stringify(check)}`;
  return { state: withConfig(input.state, { Healthcheck: check }), createdBy };
}
