/** Phase 1: which files make up the project, where its paths start from, and what its variables are. */
import { posix } from 'node:path';
import type { LoadInput } from '../../types.ts';
import { type Loading, factOf, report, warn } from '../loading.ts';
import { isRemote } from '../5-canonical/paths.ts';
import { envFileOf } from './files.ts';

export type Inputs = {
  /** Absolute, or `-`. */
  readonly files: readonly string[];
  readonly projectDir: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly profiles: readonly string[];
  /** Given with `--env-file` or COMPOSE_ENV_FILES. */
  readonly envFiles: readonly string[];
  /** From `-p` or COMPOSE_PROJECT_NAME. */
  readonly name: string | undefined;
};

/** Undefined while facts are missing, and when there is nothing to load. */
export function readInputs(loading: Loading, input: LoadInput): Inputs | undefined {
  const { cwd } = loading;
  const given = input.projectDirectory === undefined ? undefined : posix.resolve(cwd, input.projectDirectory);
  const environment = new Map(Object.entries(input.environment));
  const envFiles = input.envFiles?.length ? input.envFiles : list(environment.get('COMPOSE_ENV_FILES'), ',');
  if (!input.files?.length && !environment.get('COMPOSE_FILE')) askEarly(loading, given ?? cwd);
  const from = given ?? directoryOf(cwd, input.files ?? []);
  const reads = envFiles.length > 0 || !isOn(environment.get('COMPOSE_DISABLE_ENV_FILE'));
  const first = reads ? dotenv(loading, environment, envFiles, from) : environment;
  if (first === undefined) return undefined;
  const files = filesOf(loading, input, first, given ?? cwd);
  if (files === undefined) return undefined;
  const projectDir = given ?? directoryOf(cwd, files);
  const isElsewhere = reads && envFiles.length === 0 && projectDir !== from;
  const variables = isElsewhere ? dotenv(loading, first, [], projectDir) : first;
  if (variables === undefined) return undefined;
  const name = input.projectName ?? (variables.get('COMPOSE_PROJECT_NAME') || undefined);
  const profiles = input.profiles?.length ? input.profiles : list(variables.get('COMPOSE_PROFILES'), ',');
  return {
    files,
    projectDir,
    variables,
    profiles,
    name,
    envFiles: envFiles.map((each) => posix.resolve(cwd, each)),
  };
}

/** Of the first file that lies in one; that of a remote file is nobody's. */
function directoryOf(cwd: string, files: readonly string[]): string {
  const first = files.find((each) => each !== '-');
  return first === undefined || isRemote(first) ? cwd : posix.dirname(posix.resolve(cwd, first));
}

const list = (text: string | undefined, separator: string): readonly string[] =>
  (text ?? '')
    .split(separator)
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** What is set already wins over env files; of several files the last. */
function dotenv(
  loading: Loading,
  environment: ReadonlyMap<string, string>,
  envFiles: readonly string[],
  directory: string,
): ReadonlyMap<string, string> | undefined {
  const explicit = envFiles.length > 0;
  const paths = explicit
    ? envFiles.map((each) => posix.resolve(loading.cwd, each))
    : [posix.join(directory, '.env')];
  const values = new Map<string, string>();
  let complete = true;
  for (const path of paths) {
    const lookup = (name: string): string | undefined => environment.get(name) ?? values.get(name);
    const found = envFileOf(loading, { path, asked: undefined, required: explicit, raw: false, lookup });
    if (found === undefined) complete = false;
    for (const [key, value] of found ?? []) values.set(key, value);
    for (const name of TOO_LATE) if (found?.has(name)) warnTooLate(loading, path, name);
  }
  for (const [key, value] of environment) values.set(key, value);
  return complete ? values : undefined;
}

const isOn = (text = ''): boolean => ['1', 't', 'true', 'yes'].includes(text.toLowerCase());

/** They say which env files are read, and count from the process's environment only, as in docker compose. */
const TOO_LATE = ['COMPOSE_ENV_FILES', 'COMPOSE_DISABLE_ENV_FILE'];

function warnTooLate(loading: Loading, path: string, name: string): void {
  const source = loading.sources.get(path);
  if (source === undefined) return;
  const start = Math.max(0, source.text.search(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}\\b`, 'm')));
  warn(
    loading,
    'compose.file',
    { source, start, end: start },
    `${name} has no effect in an env file`,
    'set it in the environment, or use --env-file',
  );
}

const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** What most projects need, in the first round. */
function askEarly(loading: Loading, directory: string): void {
  for (const name of [...NAMES, ...OVERRIDES]) factOf(loading, posix.join(directory, name));
}

function filesOf(
  loading: Loading,
  input: LoadInput,
  variables: ReadonlyMap<string, string>,
  directory: string,
): readonly string[] | undefined {
  const separator = variables.get('COMPOSE_PATH_SEPARATOR') || ':';
  const named = input.files?.length ? input.files : list(variables.get('COMPOSE_FILE'), separator);
  if (named.length === 0) return lookUp(loading, directory);
  const remote = named.filter((each) => isRemote(each));
  for (const each of remote) remoteFile(loading, each);
  const files = named.map((each) => (each === '-' ? each : posix.resolve(loading.cwd, each)));
  return remote.length === 0 ? files : undefined;
}

export function remoteFile(loading: Loading, path: string, asked?: Parameters<typeof report>[2]): void {
  report(loading, 'compose.file', asked, `${path}: compose files are not fetched from elsewhere yet`, {
    hint: 'fetch it yourself and name the local file',
  });
}

/** In the directory, then in each one above. */
function lookUp(loading: Loading, from: string): readonly string[] | undefined {
  for (let directory = from; ; directory = posix.dirname(directory)) {
    const found = NAMES.map((name) => ({
      path: posix.join(directory, name),
      fact: factOf(loading, posix.join(directory, name)),
    }));
    if (found.some(({ fact }) => fact === undefined)) return undefined;
    const present = found.filter(({ fact }) => fact?.kind !== 'missing' && fact?.kind !== 'directory');
    const first = present[0]?.path;
    if (first !== undefined)
      return withOverride(
        loading,
        first,
        present.slice(1).map(({ path }) => path),
      );
    if (directory === '/') break;
  }
  report(
    loading,
    'compose.file',
    undefined,
    `no configuration file provided: there is no compose.yaml in ${from}`,
    {
      hint: `name one with -f; looked for ${NAMES.join(', ')} there and in every directory above`,
    },
  );
  return undefined;
}

function withOverride(
  loading: Loading,
  main: string,
  others: readonly string[],
): readonly string[] | undefined {
  const directory = posix.dirname(main);
  const paths = OVERRIDES.map((name) => posix.join(directory, name));
  const facts = paths.map((path) => factOf(loading, path));
  if (facts.some((fact) => fact === undefined)) return undefined;
  if (others.length > 0) {
    const names = [main, ...others].map((path) => posix.basename(path)).join(', ');
    report(
      loading,
      'compose.file',
      undefined,
      `found several compose files: ${names}; ${posix.basename(main)} is used`,
      {
        severity: 'warning',
        hint: 'name the wanted ones with -f',
      },
    );
  }
  const override = paths.find((_, index) => facts[index]?.kind === 'file' || facts[index]?.kind === 'text');
  return override === undefined ? [main] : [main, override];
}
