import { fileURLToPath } from 'node:url';
import { formatProblem } from '@orc/model';
import { goldenSuite, type GoldenCase } from '../../../../test/golden/golden.ts';
import { planDockerfile } from '../../src/build/plan/dockerfile.ts';
import { evaluate } from '../../src/build/plan/evaluate.ts';
import { parseNodes } from '../../src/build/plan/nodes.ts';
import type { Stage } from '../../src/build/plan/stages.ts';
import { SCRATCH_CONFIG, startState } from '../../src/build/plan/state.ts';
import { dump } from './dump.ts';

const platform = { os: 'linux', architecture: 'amd64' };

function planOf({ args, body }: GoldenCase): ReturnType<typeof planDockerfile> {
  const { target, ...rest } = args;
  const buildArgs = Object.fromEntries(Object.entries(rest).filter(([name]) => name === name.toUpperCase()));
  const more = target === undefined ? {} : { target };
  return planDockerfile({
    name: 'Dockerfile',
    text: body,
    buildArgs,
    ...more,
    buildPlatform: platform,
    targetPlatform: platform,
  });
}

const said = (problems: ReturnType<typeof planDockerfile>['problems']): string =>
  problems.map(formatProblem).join('\n');

function baseOf({ base }: Stage): string {
  if (base.kind === 'image')
    return `image ${base.reference}${base.platform === undefined ? '' : ` for ${base.platform}`}`;
  return base.kind === 'stage' ? `stage ${base.index}` : 'scratch';
}

function plan(each: GoldenCase): string {
  const { planned, problems } = planOf(each);
  if (planned === undefined) return said(problems);
  const { stages, needed, target } = planned.plan;
  return stages
    .map((stage) => {
      const marks = [
        needed.includes(stage.index) ? 'needed' : 'left out',
        ...(stage.index === target ? ['target'] : []),
      ];
      return `${stage.index} ${stage.name ?? '-'} on ${baseOf(stage)}: ${marks.join(', ')}`;
    })
    .join('\n');
}

/** Every step of the target stage, then its config; base images are taken as empty. */
function run(each: GoldenCase): string {
  const { planned, problems } = planOf(each);
  if (planned === undefined) return said(problems);
  const stage = planned.plan.stages[planned.plan.target] as Stage;
  const { source, escape } = planned;
  const globals = { ...planned.plan.automatic, ...planned.plan.globals };
  const scope = { source, escape, buildArgs: each.args, globals };
  let state = startState(SCRATCH_CONFIG);
  const lines: string[] = [];
  for (const instruction of stage.instructions) {
    const found = evaluate(instruction, state, scope);
    if ('problem' in found) return formatProblem(found.problem);
    lines.push(
      found.step.createdBy,
      ...(found.step.work === undefined ? [] : [`  ${JSON.stringify(found.step.work)}`]),
    );
    state = found.step.state;
  }
  return [...lines, `config ${JSON.stringify(state.config)}`, `env ${JSON.stringify(state.env)}`].join('\n');
}

const parse = (each: GoldenCase): string => {
  const { file, problems } = parseNodes('Dockerfile', each.body);
  return [...file.nodes.map(dump), ...problems.map(formatProblem)].join('\n');
};

goldenSuite(fileURLToPath(new URL('golden/', import.meta.url)), {
  parse,
  plan,
  run,
  problems: (each) => said(planOf(each).problems),
});
