/** Builds an image from a Dockerfile: plans it, runs what is needed, and writes the result into the store. */
import { type Digest, fail, formatProblem, OrcError, type Problem } from '@orc/model';
import { readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { isErrno } from '../layer/syscalls.ts';
import { hostPlatform, parsePlatform } from '../plan/platform.ts';
import { parseReference } from '../plan/reference.ts';
import type { BuildInternals } from '../store/internals.ts';
import type { BuildRequest } from '../types.ts';
import { type ReadRequest, readDockerfile } from './host/dockerfile.ts';
import { openHashes } from './host/hashes.ts';
import { newLimiter, openHoldings, type Session } from './host/session.ts';
import { newSlices } from './host/slices.ts';
import { buildStage, type StageBuilder } from './host/stage.ts';
import type { Built } from './host/steps.ts';
import { DOCKERFILE_BYTES_MAX, STEPS_AT_ONCE } from './limits.ts';
import { ignoreFileNames, readIgnore } from './plan/context-filter.ts';
import { planDockerfile, type PlannedBuild } from './plan/dockerfile.ts';
import { PROXY_ARGS } from './plan/stages.ts';

export { contextFilter } from './plan/context-filter.ts';

/**
 * Throws `dockerfile.syntax` (the first problem; the others are its chain of causes, and progress has said
 * all), `build.failed`, `canceled`, or what the store throws. Nothing but cache records is left of a build
 * that failed.
 */
export async function runBuild(internals: BuildInternals, given: BuildRequest): Promise<Digest> {
  const request = await readDockerfile(given);
  const planned = planOrThrow(request);
  const abort = new AbortController();
  const signal =
    request.signal === undefined ? abort.signal : AbortSignal.any([request.signal, abort.signal]);
  const session = await openSession(internals, request, planned, signal);
  try {
    const built = await buildTarget(session, (reason) => abort.abort(reason));
    return await writeResult(session, built);
  } catch (error) {
    throw request.signal?.aborted === true ? fail('canceled', 'the build was canceled') : error;
  } finally {
    await session.holdings.release();
    await session.context.hashes.save();
  }
}

/** Every problem of a Dockerfile that can be known before it is built; [] when there is none. */
export function checkDockerfile(
  request: Pick<ReadRequest, 'dockerfile' | 'dockerfileName' | 'spec'>,
): readonly Problem[] {
  const size = Buffer.byteLength(request.dockerfile);
  if (size > DOCKERFILE_BYTES_MAX) {
    return [
      {
        code: 'input.toolarge',
        message: `${request.dockerfileName} is larger than ${DOCKERFILE_BYTES_MAX} bytes`,
      },
    ];
  }
  try {
    return planRequest(request).problems;
  } catch (error) {
    if (error instanceof OrcError) return [error.problem];
    throw error;
  }
}

function planRequest({
  dockerfile,
  dockerfileName,
  spec,
}: Pick<ReadRequest, 'dockerfile' | 'dockerfileName' | 'spec'>): ReturnType<typeof planDockerfile> {
  const buildPlatform = hostPlatform(process.arch);
  return planDockerfile({
    name: dockerfileName,
    text: dockerfile,
    buildArgs: spec.args ?? {},
    ...(spec.target === undefined ? {} : { target: spec.target }),
    buildPlatform,
    targetPlatform: spec.platform === undefined ? buildPlatform : parsePlatform(spec.platform),
  });
}

function planOrThrow(request: ReadRequest): PlannedBuild {
  // Now, and not when all is built.
  for (const tag of request.tags) parseReference(tag);
  const early = checkDockerfile(request);
  const { planned, problems } =
    early.length > 0 ? { planned: undefined, problems: early } : planRequest(request);
  if (planned !== undefined) return planned;
  for (const problem of problems) {
    request.onProgress({
      id: request.dockerfileName,
      status: 'ERROR',
      output: `${formatProblem(problem)}\n`,
    });
  }
  throw new OrcError(chain(problems));
}

/** The first, with the others as its causes. */
function chain(problems: readonly Problem[]): Problem {
  const [first, ...rest] = problems;
  if (first === undefined) return { code: 'internal', message: 'a plan without problems is missing' };
  return rest.length === 0 ? first : { ...first, cause: chain(rest) };
}

async function openSession(
  internals: BuildInternals,
  request: BuildRequest,
  planned: PlannedBuild,
  signal: AbortSignal,
): Promise<Session> {
  const pause = newSlices(signal);
  const folder = await contextFolder(request);
  const holder = `build-${Buffer.from(internals.random.bytes(8)).toString('hex')}`;
  const { spec } = request;
  const ignored = ignoreText(folder, request);
  return {
    internals,
    request,
    planned,
    targetPlatform: spec.platform === undefined ? hostPlatform(process.arch) : parsePlatform(spec.platform),
    context: {
      tree: { folders: [folder], layered: false },
      ignored,
      filter: readIgnore(ignored),
      hashes: openHashes(internals, pause, folder, request.context.sent),
    },
    holdings: openHoldings(internals, holder),
    limit: newLimiter(STEPS_AT_ONCE),
    signal,
    pause,
  };
}

async function contextFolder(request: BuildRequest): Promise<string> {
  try {
    return await realpath(request.context.folder);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw fail('input.missing', `there is no build context ${request.spec.context}`, {
      hint: 'the context is a folder on the machine that the command is typed on',
    });
  }
}

/** The sender has filtered already; where the folder is the user's own, nobody has. */
function ignoreText(folder: string, request: BuildRequest): string {
  const { dockerfile = basename(request.dockerfileName) } = request.spec;
  const names = ignoreFileNames(isAbsolute(dockerfile) ? request.dockerfileName : dockerfile);
  for (const name of names) {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return '';
}

/** Starts every stage that is needed, so that those which do not wait for each other run side by side. */
async function buildTarget(session: Session, abort: (reason: unknown) => void): Promise<Built> {
  const { plan } = session.planned;
  const running = new Map<number, Promise<Built>>();
  const build: StageBuilder = (index) => {
    const stage = plan.stages[index];
    if (stage === undefined) throw new Error(`assertion failed: there is no stage ${index}`);
    const found = running.get(index) ?? buildStage(session, stage, build);
    running.set(index, found);
    return found;
  };
  warnUnused(session);
  let failure: { readonly error: unknown } | undefined;
  const stages = plan.needed.map((index) =>
    build(index).catch((error: unknown) => {
      failure ??= { error };
      abort(error);
    }),
  );
  await Promise.all(stages);
  await Promise.allSettled(running.values());
  if (failure !== undefined) throw failure.error;
  return build(plan.target);
}

function warnUnused(session: Session): void {
  const declared = new Set(session.planned.plan.declared);
  const unused = Object.keys(session.request.spec.args ?? {}).filter(
    (name) => !declared.has(name) && !PROXY_ARGS.has(name),
  );
  if (unused.length === 0) return;
  const output = `warning: no ARG takes the build argument ${unused.join(', ')}\n`;
  session.request.onProgress({ id: session.request.dockerfileName, status: '', output });
}

function writeResult(session: Session, built: Built): Promise<Digest> {
  const { labels } = session.request.spec;
  const { state, platform, layers, history } = built;
  const Labels = { ...state.config.Labels, ...labels };
  return session.internals.writeImage({
    ...platform,
    ...(built.createdMs === 0 ? {} : { created: new Date(built.createdMs).toISOString() }),
    ...(state.author === undefined ? {} : { author: state.author }),
    config: Object.keys(Labels).length === 0 ? state.config : { ...state.config, Labels },
    layers,
    history,
    tags: session.request.tags,
  });
}
