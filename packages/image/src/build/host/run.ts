/** RUN: the step as a plan for whoever runs containers here. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, OrcError } from '@orc/model';
import type { RunMount, RunStep } from '../../types.ts';
import type { RunWork } from '../plan/evaluate.ts';
import type { RunMountSpec } from '../plan/run-mounts.ts';
import { PROXY_ARGS } from '../plan/stages.ts';
import { DEFAULT_PATH, workingDirOf } from '../plan/state.ts';
import { contentDigest } from './content.ts';
import { openDestination } from './destination.ts';
import type { StepProgress } from './progress.ts';
import { type BindSource, openMounts, selectionOf } from './run-mounts.ts';
import { secretVariables } from './secrets.ts';
import type { Session } from './session.ts';
import type { Built, Doing } from './steps.ts';

/** What a bind mount shows: `layers` names a stage's or image's content; absent: the context's files count. */
export type BindFrom = BindSource & { readonly layers?: string };
type BindSpec = RunMountSpec & { readonly kind: 'bind' };

/** `sources`: of its bind mounts, in order. */
export function doRun(
  session: Session,
  built: Built,
  work: RunWork,
  sources: readonly BindFrom[],
  progress: StepProgress,
): Doing {
  if (work.mounts.length > 0 && session.request.runMounts !== true) throw noMounts();
  const network = networkOf(session, work);
  const binds = bindsOf(work).map((spec, index) => ({ spec, from: sources[index] as BindFrom }));
  const sourceOf = (spec: BindSpec): BindFrom =>
    (binds.find((each) => each.spec === spec) as (typeof binds)[number]).from;
  return {
    keys: keysOf(session, network, binds),
    perform: async (upper, scratch) => {
      const lower = built.layers.length === 0 ? [emptyFolder(scratch)] : lowerFolders(built);
      const destination = openDestination(upper, lower, { uid: 0, gid: 0, mtimeNs: 0n });
      const { mounts, close } = await openMounts(session, work.mounts, sourceOf, { destination, scratch });
      const remove = placeScript(work, upper);
      try {
        const place = { upper, lower, network, progress, mounts };
        const { code } = await session.request.run(stepOf(session, built, work, place));
        session.signal.throwIfAborted();
        if (code !== 0) throw exitProblem(work, code, progress.lastLines());
      } catch (error) {
        throw startProblem(work, error);
      } finally {
        remove();
        close();
      }
    },
  };
}

export const bindsOf = (work: RunWork): readonly BindSpec[] =>
  work.mounts.filter((mount) => mount.kind === 'bind');

const noMounts = (): OrcError =>
  fail('input.unsupported', 'RUN --mount is not supported by what runs the steps of this build', {
    hint: 'remove the flag, and clean up within the same RUN',
  });

function emptyFolder(scratch: string): string {
  const folder = join(scratch, 'empty');
  mkdirSync(folder);
  return folder;
}

/**
 * The kernel refuses a folder that stands twice (layers with the same content); only its topmost place
 * counts.
 */
const lowerFolders = (built: Built): readonly string[] => {
  const folders = built.layers.map(({ folder }) => folder);
  return folders.filter((folder, index) => !folders.includes(folder, index + 1));
};

async function* keysOf(
  session: Session,
  network: RunStep['network'],
  binds: readonly { readonly spec: BindSpec; readonly from: BindFrom }[],
): AsyncGenerator<{ content?: string; surroundings: unknown }> {
  const surroundings = { network, extraHosts: session.request.spec.extraHosts ?? [] };
  const contents: string[] = [];
  for (const { spec, from } of binds)
    contents.push(from.layers ?? (await contextContent(session, spec, from)));
  yield { surroundings, ...(contents.length === 0 ? {} : { content: JSON.stringify(contents) }) };
}

async function contextContent(session: Session, spec: BindSpec, from: BindFrom): Promise<string> {
  const { rows } = await selectionOf(spec, from);
  return contentDigest(rows, session.context.hashes, { withOwner: false, pause: session.pause });
}

/** The instruction's own, else the build's. */
function networkOf(session: Session, work: RunWork): RunStep['network'] {
  const given = work.network ?? session.request.spec.network ?? 'default';
  if (given === 'default' || given === 'none' || given === 'host') return given;
  throw fail('input.unsupported', `a build cannot join network ${given}`, { hint: 'default, none or host' });
}

type Place = {
  readonly upper: string;
  readonly lower: readonly string[];
  readonly network: RunStep['network'];
  readonly progress: StepProgress;
  readonly mounts: readonly RunMount[];
};

function stepOf(session: Session, built: Built, work: RunWork, place: Place): RunStep {
  const { spec } = session.request;
  const { config, env } = built.state;
  const proxies = Object.entries(spec.args ?? {}).filter(([name]) => PROXY_ARGS.has(name));
  return {
    argv: work.argv,
    layers: place.lower,
    upper: place.upper,
    config,
    env: {
      PATH: DEFAULT_PATH,
      ...Object.fromEntries(proxies),
      ...env,
      ...secretVariables(session, work),
    },
    workingDir: workingDirOf(config),
    user: config.User ?? '',
    network: place.network,
    ...(spec.shmSizeBytes === undefined ? {} : { shmSizeBytes: spec.shmSizeBytes }),
    ...(place.mounts.length === 0 ? {} : { mounts: place.mounts }),
    extraHosts: spec.extraHosts ?? [],
    onOutput: place.progress.onOutput,
    signal: session.signal,
  };
}

/** Removing looks at the name only: whatever the program put there, no link is followed. */
function placeScript(work: RunWork, upper: string): () => void {
  if (work.script === undefined) return () => undefined;
  const path = join(upper, work.script.path);
  writeFileSync(path, work.script.content, { flag: 'wx' });
  chmodSync(path, 0o755);
  return () => rmSync(path, { recursive: true, force: true });
}

const HINTS: Readonly<Record<number, string>> = {
  126: 'the program cannot be executed: look at its mode and its first line',
  127: 'the program is not in the image: install it in an instruction before',
  137: 'it was killed, perhaps for want of memory',
};

function exitProblem(work: RunWork, code: number, lines: readonly string[]): OrcError {
  const said = lines.length === 0 ? '' : `; it said last:\n${lines.map((line) => `    ${line}`).join('\n')}`;
  const hint = HINTS[code] ?? 'the step left nothing behind; those before it are in the cache';
  return fail('build.failed', `RUN ${shorten(work.argv.join(' '))} exited with ${code}${said}`, { hint });
}

function startProblem(work: RunWork, error: unknown): unknown {
  if (!(error instanceof OrcError) || !error.problem.code.startsWith('start.')) return error;
  const { message, hint } = error.problem;
  const more = { cause: error.problem, ...(hint === undefined ? {} : { hint }) };
  return fail('build.failed', `RUN ${shorten(work.argv.join(' '))} did not start: ${message}`, more);
}

const SHOWN_CHARS = 120;
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS - 1)}…` : line;
}
