/**
 * The phases in order: 1 read, 2 parse, 3 interpolate, 4 validate, 5 canonical, 6 combine, 7 complete, 8
 * check, 9 translate. Whatever fact is missing on the way is asked for; the same call is then made again
 * with it.
 */
import type { Problem, Where } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { LoadInput, LoadResult } from '../types.ts';
import { type Inputs, readInputs } from './1-read/inputs.ts';
import { combine } from './6-combine/combine.ts';
import { applyDefaults } from './7-complete/defaults.ts';
import { applyEnvFiles } from './7-complete/envfiles.ts';
import { projectName } from './7-complete/name.ts';
import { allProfiles, applyProfiles } from './7-complete/profiles.ts';
import { toModel } from './7-complete/to-model.ts';
import { withContents } from './7-complete/contents.ts';
import { auditAttributes } from './8-check/audit.ts';
import { checkProject } from './8-check/check.ts';
import { checkHost } from './8-check/host.ts';
import { checkKernel } from './8-check/kernel.ts';
import { checkNames } from './8-check/names.ts';
import { warnOfMistakes } from './8-check/mistakes.ts';
import { refuseUnsupported } from './8-check/support.ts';
import { checkValues } from './8-check/values.ts';
import { withoutFaults } from './9-translate/sound.ts';
import { translate } from './9-translate/translate.ts';
import { type Loading, hasErrors, lineOf, report, warn } from './loading.ts';
import { type MapNode, get, nearest, whereOf, withEntries } from './node.ts';

export function loadProject(input: LoadInput): LoadResult {
  const loading = newLoading(input);
  const inputs = readInputs(loading, input);
  const complete = inputs === undefined ? undefined : completeTree(loading, inputs, input);
  if (loading.needs.size > 0) return { kind: 'need', paths: [...loading.needs.values()] };
  const environment = Object.fromEntries(inputs?.variables ?? []);
  const refusing = input.options?.translate !== false;
  const faulty = hasErrors(loading);
  const enough = faulty && (!refusing || loading.problems.length > LIMITS.problemsMax);
  if (inputs === undefined || complete === undefined) {
    return { kind: 'done', problems: inOrder(loading), environment };
  }
  const audited = (): Pick<Done, 'attributes'> =>
    input.options?.audit === true ? { attributes: auditAttributes(loading, complete.written) } : {};
  if (enough) return { kind: 'done', problems: inOrder(loading), environment, ...audited() };
  const { disabled, profiles } = complete;
  const tree = faulty ? withoutFaults(loading, complete.tree) : complete.tree;
  const model = toModel(tree);
  const placeOf = (path: readonly string[]): Where => whereOf(nearest(tree, path).place);
  if (!refusing) return { kind: 'done', model, profiles, placeOf, problems: inOrder(loading), environment };
  refuseUnsupported(loading, complete.tree);
  const contents = input.options?.contents !== false;
  const project = translate(loading, tree, model, inputs, { disabled, contents });
  if (loading.needs.size > 0) return { kind: 'need', paths: [...loading.needs.values()] };
  const refused = loading.problems.some((each) => each.severity !== 'warning');
  return {
    kind: 'done',
    ...(faulty ? {} : { model, profiles, placeOf }),
    problems: inOrder(loading),
    environment,
    ...audited(),
    ...(refused || project === undefined ? {} : { project }),
  };
}

type Done = Extract<LoadResult, { kind: 'done' }>;

const WARNING = { severity: 'warning' } as const;

/** As they stand in the files, one file after the other; what has no place comes first. */
function inOrder(loading: Loading): readonly Problem[] {
  const files = [...new Set(loading.problems.map((each) => each.where?.file ?? ''))];
  const rank = (each: Problem): number => (each.where === undefined ? -1 : files.indexOf(each.where.file));
  const place = (each: Problem): number => (each.where?.line ?? 0) * 100_000 + (each.where?.column ?? 0);
  const told = loading.problems.map((each) => withoutSecrets(loading, each));
  const sorted = told.toSorted((a, b) => rank(a) - rank(b) || place(a) - place(b));
  return sorted.length <= LIMITS.problemsMax ? sorted : firstOf(sorted);
}

/** A line with a secret is named and not printed, whatever else is wrong with it. */
function withoutSecrets({ secretLines }: Loading, problem: Problem): Problem {
  if (problem.where === undefined || !secretLines.has(lineOf(problem.where))) return problem;
  const { excerpt: _, ...where } = problem.where;
  return { ...problem, where };
}

/** Errors before warnings, still in the order of the files; what is left out is counted. */
function firstOf(sorted: readonly Problem[]): readonly Problem[] {
  const isError = (each: Problem): boolean => each.severity !== 'warning';
  const wanted = sorted.toSorted((a, b) => Number(isError(b)) - Number(isError(a)));
  const shown = new Set(wanted.slice(0, LIMITS.problemsMax));
  const message = `${sorted.length - LIMITS.problemsMax} further problems are not shown`;
  const severity = wanted.slice(LIMITS.problemsMax).some(isError) ? {} : WARNING;
  return [...sorted.filter((each) => shown.has(each)), { code: 'compose.file', message, ...severity }];
}

export const newLoading = (input: LoadInput): Loading => ({
  cwd: input.cwd,
  facts: input.facts,
  needs: new Map(),
  problems: [],
  places: new Map(),
  seen: new Set(),
  taken: [],
  faults: new Set(),
  secretLines: new Set(),
  sources: new Map(),
  home: input.environment['HOME'],
  interpolate: input.options?.interpolate !== false,
  resolvePaths: input.options?.paths !== false,
});

type Complete = {
  readonly tree: MapNode;
  /** The merged files before anything was added. */
  readonly written: MapNode;
  /** Names of services whose profiles are off: they are in the files, and not in the tree. */
  readonly disabled: readonly string[];
  /** Of all services, also of those. */
  readonly profiles: readonly string[];
};

function completeTree(loading: Loading, inputs: Inputs, input: LoadInput): Complete | undefined {
  const name = projectName(loading, inputs);
  if (loading.needs.size > 0) return undefined;
  const variables =
    name === undefined ? inputs.variables : new Map([...inputs.variables, ['COMPOSE_PROJECT_NAME', name]]);
  const scope = { directory: inputs.projectDir, variables, chain: [] };
  const files = inputs.files.map((path) => ({ path, asked: undefined }));
  const combined = combine(loading, scope, files);
  if (combined === undefined || loading.needs.size > 0) return undefined;
  const { tree, partial } = combined;
  obsoleteVersion(loading, tree);
  const whole = applyDefaults(tree, name ?? 'unnamed');
  if (input.options?.consistency !== false) checkProject(partial ? unsaid(loading) : loading, whole);
  if (input.options?.audit === true) warnOfMistakes(loading, whole, input.options);
  const shown = input.options?.normalize === false ? onlyNamed(tree, whole) : whole;
  const active = activeTree(loading, shown, inputs, input, variables);
  return active && { ...active, written: tree };
}

/** What refers to a file that is missing is no fault of its own, and is not translated either. */
const unsaid = (loading: Loading): Loading => ({
  ...loading,
  problems: [],
  places: new Map(),
  seen: new Set(loading.seen),
});

/** As it was written, under the name that the project has. */
const onlyNamed = (tree: MapNode, whole: MapNode): MapNode =>
  withEntries(tree, {
    name: get(whole, 'name'),
    version: undefined,
    services: get(tree, 'services') ?? get(whole, 'services'),
  });

function obsoleteVersion(loading: Loading, tree: MapNode): void {
  const version = tree.entries.get('version');
  if (version !== undefined) {
    warn(
      loading,
      'compose.schema',
      version.key,
      'the attribute `version` is obsolete and has no effect',
      'remove it',
    );
  }
}

const SECTIONS = ['networks', 'volumes', 'secrets', 'configs', 'models'];

function activeTree(
  loading: Loading,
  whole: MapNode,
  inputs: Inputs,
  input: LoadInput,
  variables: ReadonlyMap<string, string>,
): Omit<Complete, 'written'> | undefined {
  const services = get(whole, 'services');
  if (services?.kind !== 'map') return undefined;
  if (
    services.entries.size === 0 &&
    !hasErrors(loading) &&
    !SECTIONS.some((each) => get(whole, each) !== undefined)
  ) {
    report(loading, 'compose.schema', whole.place, 'empty compose file: no services are defined', {
      hint: 'begin with `services:`',
    });
    return undefined;
  }
  const choice = { profiles: inputs.profiles, services: input.options?.services ?? [] };
  const active = applyProfiles(loading, services, choice);
  if (input.options?.values !== false && input.options?.consistency !== false) {
    checkNames(loading, whole);
    checkValues(loading, active);
  }
  if (input.options?.translate !== false) checkKernel(loading, active, input.options?.cpus);
  if (input.options?.host !== undefined) checkHost(loading, active, input.options.host, choice.services);
  const readsFiles = loading.interpolate && input.options?.envFiles !== false;
  const filled = readsFiles ? applyEnvFiles(loading, active, variables, inputs.projectDir) : active;
  return {
    tree: withContents(withEntries(whole, { services: filled }), variables),
    disabled: [...services.entries.keys()].filter((name) => !active.entries.has(name)).sort(),
    profiles: allProfiles(services),
  };
}
