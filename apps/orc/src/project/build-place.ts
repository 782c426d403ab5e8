/** Where the problems of a build are, in words of who wrote the Dockerfile: the daemon knows only its name. Pure. */
import { isAbsolute, relative } from 'node:path';
import { type BuildSpec, type Problem, defined } from '@orc/model';

export type BuildPlace = {
  /** What the daemon was told that the Dockerfile is called. */
  readonly name: string;
  readonly shown: string;
  readonly service?: string;
};

/** `file`: the absolute path, if there is one. */
export function placeOf(
  { dockerfileInline }: Pick<BuildSpec, 'dockerfileInline'>,
  { name, file, service, cwd }: { name: string; file?: string; service?: string; cwd: string },
): BuildPlace {
  const inline = dockerfileInline !== undefined && service !== undefined;
  const shown = inline
    ? `dockerfile_inline of service ${service}`
    : file === undefined
      ? name
      : near(cwd, file);
  return defined({ name, shown, service: inline ? undefined : service });
}

function near(cwd: string, file: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}

/** Several services are built at once: each problem says of which it is. */
export function placed(problem: Problem, place: BuildPlace): Problem {
  const { where, cause, others } = problem;
  const own = where?.file === place.name;
  const named = place.service === undefined || problem.message.includes(`service ${place.service}`);
  return {
    ...problem,
    message: named ? problem.message : `service ${place.service}: ${problem.message}`,
    ...(own ? { where: { ...where, file: place.shown } } : {}),
    ...(cause === undefined ? {} : { cause: placed(cause, place) }),
    ...(others === undefined ? {} : { others: others.map((each) => placed(each, place)) }),
  };
}
