/** RUN: the step as a plan for whoever runs containers here. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, OrcError } from '@orc/model';
import type { RunStep } from '../../types.ts';
import type { RunWork } from '../plan/evaluate.ts';
import { PROXY_ARGS } from '../plan/stages.ts';
import { DEFAULT_PATH, workingDirOf } from '../plan/state.ts';
import { finishDestination, openDestination } from './destination.ts';
import type { StepProgress } from './progress.ts';
import type { Session } from './session.ts';
import type { Built, Doing } from './steps.ts';

export function doRun(session: Session, built: Built, work: RunWork, progress: StepProgress): Doing {
  const network = networkOf(session, work);
  return {
    keys: keysOf({ network, extraHosts: session.request.spec.extraHosts ?? [] }),
    perform: async (upper, scratch) => {
      const lower = built.layers.length === 0 ? [scratch] : lowerFolders(built);
      const made = { uid: 0, gid: 0, mtimeNs: 0n };
      finishDestination(openDestination(upper, lower, made));
      const remove = placeScript(work, upper);
      try {
        const { code } = await session.request.run(
          stepOf(session, built, work, { upper, lower, network, progress }),
        );
        session.signal.throwIfAborted();
        if (code !== 0) throw exitProblem(work, code, progress.lastLines());
      } catch (error) {
        throw startProblem(work, error);
      } finally {
        remove();
      }
    },
  };
}

/**
 * The kernel refuses a folder that stands twice (layers with the same content); only its topmost place
 * counts.
 */
const lowerFolders = (built: Built): readonly string[] => {
  const folders = built.layers.map(({ folder }) => folder);
  return folders.filter((folder, index) => !folders.includes(folder, index + 1));
};

async function* keysOf(surroundings: unknown): AsyncGenerator<{ surroundings: unknown }> {
  yield { surroundings };
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
    env: { PATH: DEFAULT_PATH, ...Object.fromEntries(proxies), ...env },
    workingDir: workingDirOf(config),
    user: config.User ?? '',
    network: place.network,
    ...(spec.shmSizeBytes === undefined ? {} : { shmSizeBytes: spec.shmSizeBytes }),
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
