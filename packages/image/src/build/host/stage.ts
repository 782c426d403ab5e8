/** A stage from its FROM to its last instruction. */
import { fail, OrcError, type Problem, toProblem } from '@orc/model';
import type { BaseImage } from '../../store/internals.ts';
import { parseFragment } from '../plan/dockerfile.ts';
import { evaluate, type RunWork, type Scope, type Step, type Work } from '../plan/evaluate.ts';
import { alignHistory } from '../../plan/history.ts';
import { tryParseReference } from '../../plan/reference.ts';
import type { Instruction } from '../plan/instruction.ts';
import { type Source, whereOf } from '../plan/source.ts';
import { type Stage, stageHint, stageOf } from '../plan/stages.ts';
import { SCRATCH_CONFIG, startState } from '../plan/state.ts';
import { contextScan, doCopy, doWorkdir, hasFolder, stageScan } from './files.ts';
import { startStep, type StepProgress } from './progress.ts';
import { type BindFrom, bindsOf, doRun, shorten } from './run.ts';
import type { Session } from './session.ts';
import { afterConfig, afterNothing, afterWork, type Built } from './steps.ts';

/** Builds a stage, or waits for whoever does already. */
export type StageBuilder = (index: number) => Promise<Built>;

type Placed = { readonly instruction: Instruction; readonly source: Source };
type StageRun = {
  readonly session: Session;
  readonly stage: Stage;
  readonly build: StageBuilder;
  readonly total: number;
};

export async function buildStage(session: Session, stage: Stage, build: StageBuilder): Promise<Built> {
  const { source } = session.planned;
  const own = stage.instructions.map((instruction) => ({ instruction, source }));
  const started = await startStage(session, stage, build, own);
  const triggers = triggersOf(started.state.config.OnBuild ?? [], stage, source);
  const all = [...triggers, ...own];
  const total = 1 + all.filter(({ instruction }) => isWork(instruction)).length;
  let built: Built = { ...started, state: startState(started.state.config, started.state.author) };
  let number = 1;
  for (const placed of all) {
    if (isWork(placed.instruction)) number += 1;
    built = await advance({ session, stage, build, total }, placed, built, number);
  }
  return built;
}

const WORK_KINDS = new Set(['run', 'copy', 'add', 'workdir']);
const isWork = ({ action }: Instruction): boolean => WORK_KINDS.has(action.kind);

const labelOf = (session: Session, stage: Stage, number: number, total: number, text: string): string => {
  const single = session.planned.plan.stages.length === 1 && stage.name === undefined;
  const name = single ? '' : `${stage.name ?? `stage-${stage.index}`} `;
  return `[${name}${number}/${total}] ${shorten(text)}`;
};

async function startStage(
  session: Session,
  stage: Stage,
  build: StageBuilder,
  own: readonly Placed[],
): Promise<Built> {
  const { base } = stage;
  if (base.kind === 'scratch') return scratch(session);
  if (base.kind === 'stage') return build(base.index);
  const total = 1 + own.filter(({ instruction }) => isWork(instruction)).length;
  const label = labelOf(session, stage, 1, total, stage.from.place.text.trim());
  const progress = startStep(session.request.onProgress, session.internals.clock, label);
  return attempt(session.planned.source, stage.from, progress, async () => {
    const built = await imageNamed(session, stage, base.reference, base.platform);
    progress.done();
    return built;
  });
}

const scratch = (session: Session): Built => ({
  state: startState(SCRATCH_CONFIG),
  layers: [],
  history: [],
  platform: session.targetPlatform,
  createdMs: 0,
});

/** What is no stage is an image; where there is none of that name, a stage may have been meant. */
async function imageNamed(session: Session, stage: Stage, name: string, platform?: string): Promise<Built> {
  try {
    return await imageOf(session, name, platform);
  } catch (error) {
    const meant = stageHint(name, stage.index, session.planned.plan.stages);
    if (!(error instanceof OrcError) || error.problem.code === 'canceled' || meant === undefined) throw error;
    const { hint } = error.problem;
    throw new OrcError({ ...error.problem, hint: hint === undefined ? meant : `${meant}; ${hint}` });
  }
}

async function imageOf(session: Session, reference: string, platform: string | undefined): Promise<Built> {
  const { spec, auths = {}, onProgress } = session.request;
  const auth = auths[tryParseReference(reference)?.domain.toLowerCase() ?? ''];
  const wanted = platform ?? spec.platform;
  const image = await session.internals.pullIfMissing(reference, {
    onProgress,
    signal: session.signal,
    ...(wanted === undefined ? {} : { platform: wanted }),
    ...(auth === undefined ? {} : { auth }),
    ...(spec.pull === true ? { always: true } : {}),
  });
  await session.holdings.add([image.id], image.layers);
  return builtOf(image);
}

function builtOf({ document, config, layers }: BaseImage): Built {
  const { architecture, os, variant } = document;
  const createdMs = Date.parse(document.created ?? '');
  return {
    state: {
      config,
      env: {},
      cmdSet: false,
      ...(document.author === undefined ? {} : { author: document.author }),
    },
    layers,
    history: alignHistory(document.history, layers.length),
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    createdMs: Number.isFinite(createdMs) ? createdMs : 0,
  };
}

/** What ONBUILD of the base left for this stage, parsed again, each a text of its own. */
function triggersOf(texts: readonly string[], stage: Stage, source: Source): readonly Placed[] {
  return texts.flatMap((text) => {
    const found = parseFragment('ONBUILD', text);
    const [problem] = found.problems;
    if (problem !== undefined) throw new OrcError(inherited(problem, text, stage, source));
    return found.instructions.map((instruction) => ({ instruction, source: found.source }));
  });
}

const inherited = (problem: Problem, text: string, stage: Stage, source: Source): Problem => ({
  ...problem,
  message: `the base's ONBUILD ${shorten(text)} is wrong: ${problem.message}`,
  where: whereOf(source, stage.from.place),
});

async function advance(run: StageRun, placed: Placed, built: Built, number: number): Promise<Built> {
  const { session, stage } = run;
  const evaluated = evaluate(placed.instruction, built.state, scopeOf(session, placed.source));
  if ('problem' in evaluated) throw new OrcError(evaluated.problem);
  const { step } = evaluated;
  if (step.work === undefined) return afterConfig(built, step);
  const label = labelOf(session, stage, number, run.total, placed.instruction.place.text);
  const progress = startStep(session.request.onProgress, session.internals.clock, label);
  return attempt(placed.source, placed.instruction, progress, () =>
    work(run, step as WorkStep, built, progress),
  );
}

type WorkStep = Step & { readonly work: Work };

const scopeOf = ({ planned, request }: Session, source: Source): Scope => ({
  source,
  escape: planned.escape,
  buildArgs: request.spec.args ?? {},
  globals: { ...planned.plan.automatic, ...planned.plan.globals },
});

async function work(run: StageRun, step: WorkStep, built: Built, progress: StepProgress): Promise<Built> {
  const { session } = run;
  const { work: what } = step;
  if (what.kind === 'run') {
    const doing = doRun(session, built, what, await bindSources(run, what), progress);
    return afterWork(session, built, step, doing, progress);
  }
  if (what.kind === 'copy') {
    const doing = doCopy(session, built, what, await sourceOf(run, what.from));
    return afterWork(session, built, step, doing, progress);
  }
  if (!hasFolder(built, what.path))
    return afterWork(session, built, step, doWorkdir(session, built, what), progress);
  return afterNothing(session, built, step, progress);
}

async function bindSources(run: StageRun, work: RunWork): Promise<readonly BindFrom[]> {
  const sources: BindFrom[] = [];
  for (const { from } of bindsOf(work)) {
    const built = await sourceOf(run, from);
    if (built === undefined) sources.push({ scan: contextScan(run.session), fromContext: true });
    else {
      const layers = built.layers.map(({ diffId }) => diffId).join(' ');
      sources.push({ scan: stageScan(run.session, built), fromContext: false, layers });
    }
  }
  return sources;
}

/** `undefined`: the context. */
async function sourceOf(run: StageRun, from: string | undefined): Promise<Built | undefined> {
  if (from === undefined) return undefined;
  const { session, stage } = run;
  const earlier = stageOf(from, session.planned.plan.stages, stage.index);
  return earlier === undefined ? imageNamed(session, stage, from) : run.build(earlier.index);
}

/** Says that the step failed, and where it stands in the Dockerfile. */
async function attempt(
  source: Source,
  instruction: Instruction,
  progress: StepProgress,
  job: () => Promise<Built>,
): Promise<Built> {
  try {
    return await job();
  } catch (error) {
    progress.failed();
    const problem = toProblem(error);
    if (problem.where !== undefined || problem.code === 'internal') throw error;
    throw fail(problem.code, problem.message, { ...problem, where: whereOf(source, instruction.place) });
  }
}
