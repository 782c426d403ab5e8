/** Where in the compose files stands what the daemon refuses, for what they asked of it. */
import {
  type Failure,
  faultInFile,
  OrcError,
  type Problem,
  problemOfExternal,
  type Project,
  type Where,
} from '@orc/model';

type PlaceOf = (path: readonly string[]) => Where;

/** Beside the project: what is sent to the daemon has no places. */
const places = new WeakMap<object, PlaceOf>();

export const rememberPlaces = (project: Project, placeOf: PlaceOf): unknown => places.set(project, placeOf);

/** With the place of what did not come about; as it is where the files are not at fault. */
export function withPlaceOf(project: object, error: OrcError, cause: readonly [string, Failure]): OrcError {
  const path = faultInFile(...cause);
  const where = path === undefined ? undefined : places.get(project)?.(path);
  return where === undefined ? error : new OrcError({ ...error.problem, where }, { cause: error });
}

/** For what the daemon has not of what is made elsewhere. */
export function withPlaces(project: Project, error: unknown): unknown {
  const placeOf = places.get(project);
  if (!(error instanceof OrcError) || placeOf === undefined) return error;
  const missing = externals(project);
  const located = (problem: Problem): Problem => {
    const path = missing.get(problem.message);
    return path === undefined ? problem : { ...problem, where: placeOf(path) };
  };
  const { others, ...first } = error.problem;
  return new OrcError(
    { ...located(first), ...(others === undefined ? {} : { others: others.map(located) }) },
    { cause: error },
  );
}

/** By what is said when they are missing. */
function externals(project: Project): ReadonlyMap<string, readonly string[]> {
  const lists = [
    ['network', project.networks],
    ['volume', project.volumes],
    ['secret', project.secrets],
    ['config', project.configs],
  ] as const;
  return new Map(
    lists.flatMap(([kind, list]) =>
      list
        .filter((each) => each.external)
        .map(
          ({ name, key }) => [problemOfExternal(kind, name).message, [`${kind}s`, key, 'external']] as const,
        ),
    ),
  );
}
