/** Reads the compose files of this command, and stops it with every problem when they have any. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { Fact, LoadOptions, Resolved } from '@orc/compose';
import {
  type Declared,
  type Project,
  defined,
  fail,
  formatProblem,
  nearestWord,
  normalisedProjectName,
  projectNameFault,
} from '@orc/model';
import type { Context } from '../cli/context.ts';
import { Problems } from '../cli/problems.ts';
import { withName } from './nameless.ts';
import { rememberPlaces } from './places.ts';

/** For who wants names alone: what only makes containers need (env files, secrets, values) may be missing or wrong. */
export const NAMES_ONLY: LoadOptions = { translate: false, values: false, envFiles: false };

/** For who wants images and makes no containers. */
export const IMAGES_ONLY: LoadOptions = { envFiles: false, contents: false };

/** Throws `Problems` for errors; warnings go to standard error. */
export async function loadFiles(context: Context, options: LoadOptions = {}): Promise<Resolved> {
  const loaded = await readFiles(context, options);
  const errors = loaded.problems.filter((each) => each.severity !== 'warning');
  if (errors.length > 0) throw new Problems(loaded.problems);
  for (const warning of loaded.problems) context.err(formatProblem(warning));
  return loaded;
}

/** With the problems that they have, unsaid. */
export async function readFiles(context: Context, options: LoadOptions): Promise<Resolved> {
  const { resolveProject } = await import('@orc/compose');
  const { io, globals } = context;
  const environment = Object.fromEntries(
    Object.entries(io.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return resolveProject((need) => (need.presence ? lookAt(need.path) : readFact(context, need.path)), {
    files: globals.files,
    envFiles: globals.envFiles,
    profiles: globals.profiles,
    cwd: io.cwd,
    environment,
    options: { cpus: io.cpus, ...options },
    ...(globals.projectName === undefined ? {} : { projectName: globals.projectName }),
    ...(globals.projectDirectory === undefined ? {} : { projectDirectory: globals.projectDirectory }),
  });
}

/** As `loadProject`, for what starts services: what this host has not is refused. */
export const loadToStart = (context: Context, services: readonly string[] = []): Promise<Project> =>
  loadProject(context, services, hostOf(context));

/** The daemon is on the host of its socket, which is this one. */
export const hostOf = ({ io }: Context): Pick<LoadOptions, 'host'> => ({
  host: { os: 'linux', architecture: io.architecture },
});

/** What is to be sent to the daemon; only with services that their profiles, or their names here, turn on. */
export async function loadProject(
  context: Context,
  services: readonly string[] = [],
  options: LoadOptions = {},
): Promise<Project> {
  const { project, placeOf } = await loadFiles(context, { ...options, services });
  if (project === undefined) throw fail('internal', 'the compose files gave no project');
  if (placeOf !== undefined) rememberPlaces(project, placeOf);
  mustKnow(
    services,
    project.services.map((each) => each.service),
    project.name,
  );
  return project;
}

/** Those of all profiles. */
export const servicesOfFiles = async (context: Context): Promise<readonly string[]> =>
  (await declaredOf(everyProfile(context))).services;

/**
 * What a verb without names is about: services that the profiles turn on, or those of `every` profile, and volumes by
 * their keys. Undefined where `-p` alone names the project, or COMPOSE_PROJECT_NAME one whose files have problems: all
 * that it has is meant, and files with problems do not stand in the way of stopping what runs.
 */
export async function declaredIn(context: Context, every = false): Promise<Declared | undefined> {
  const { globals, io } = context;
  if (globals.projectName !== undefined && globals.files.length === 0) return undefined;
  try {
    return await declaredOf(every ? everyProfile(context) : context);
  } catch (error) {
    if (io.env['COMPOSE_PROJECT_NAME']) return undefined;
    throw await withName(context, error);
  }
}

const everyProfile = (context: Context): Context => ({
  ...context,
  globals: { ...context.globals, profiles: ['*'] },
});

async function declaredOf(context: Context): Promise<Declared> {
  const { model } = await loadFiles(context, NAMES_ONLY);
  return { services: Object.keys(model?.services ?? {}), volumes: Object.keys(model?.volumes ?? {}) };
}

const hasNoFiles = (error: unknown): boolean =>
  error instanceof Problems && error.problems.every((each) => each.code === 'compose.file');

async function lookAt(path: string): Promise<Fact> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { kind: 'missing' };
  return { kind: found.isDirectory() ? 'directory' : 'present' };
}

async function readFact(context: Context, path: string): Promise<Fact> {
  if (path === '-') return { kind: 'text', text: await textOf(context.io.stdin) };
  try {
    return { kind: 'file', data: readFileSync(path) };
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    return code === 'EISDIR' ? { kind: 'directory' } : { kind: 'unreadable', message };
  }
}

/** Throws for the first name that is not a service. */
export function mustKnow(wanted: readonly string[], known: readonly string[], project: string): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearestWord(unknown, known);
  const listed = known.length === 0 ? 'it has no services' : `services are ${[...known].sort().join(', ')}`;
  throw fail('notfound.service', `there is no service ${unknown} in the project ${project}`, {
    hint: meant === undefined ? listed : `did you mean ${meant}?`,
  });
}

/** As `mustKnow`; a service that is not here is one all the same when the files have it. */
export async function mustKnowWritten(
  context: Context,
  wanted: readonly string[],
  here: readonly string[],
  project: string,
): Promise<void> {
  if (wanted.every((name) => here.includes(name))) return;
  mustKnow(wanted, [...new Set([...here, ...(await servicesWritten(context))])], project);
}

/** None where there are no files. */
async function servicesWritten(context: Context): Promise<readonly string[]> {
  try {
    return await servicesOfFiles(context);
  } catch (error) {
    if (hasNoFiles(error)) return [];
    throw error;
  }
}

/** The project's name for verbs that need no more: `-p`, COMPOSE_PROJECT_NAME, or what the files say. */
export async function projectName(context: Context): Promise<string> {
  const { globals, io } = context;
  const given = globals.projectName ?? io.env['COMPOSE_PROJECT_NAME'];
  if (given) {
    const fault = projectNameFault(given);
    if (fault !== undefined) throw fail('usage.invalid', fault.message, defined({ hint: fault.hint }));
    mustBeThere(context);
    return given;
  }
  const loading = loadFiles(context, NAMES_ONLY);
  const { model } = await loading.catch(async (error: unknown) => {
    throw await withName(context, error);
  });
  if (model?.name !== undefined) return model.name;
  const folder = globals.projectDirectory ?? (globals.files[0] ? dirname(globals.files[0]) : '.');
  return normalisedProjectName(basename(resolve(io.cwd, folder)));
}

/** A file that was named and is not there is a slip, also where nothing of it is needed. */
function mustBeThere({ globals, io }: Context): void {
  const missing = globals.files.find((file) => file !== '-' && !existsSync(resolve(io.cwd, file)));
  if (missing !== undefined)
    throw fail('compose.file', `${missing} is not there`, { hint: 'see the files of -f and COMPOSE_FILE' });
}
