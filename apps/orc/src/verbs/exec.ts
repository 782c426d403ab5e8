/** `orc container exec`, and `orc exec` once it knows the container. */
import type { Client, ExecConfig } from '@orc/api/client';
import { OrcError } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { readFlagFiles } from '../spec/read-files.ts';
import { compact, some, valuesOf } from '../spec/values.ts';
import { joinStreams, mustBeTerminal, tellSize } from './attach.ts';

export const exec: Body = async (context, args, flags) => {
  const [container = '', ...argv] = args;
  const [stdin, tty] = [flags.on('interactive'), flags.on('tty')];
  return execIn(
    context,
    await context.client(),
    container,
    configOf(context, flags, { argv, stdin, tty }),
    flags,
  );
};

type Wanted = { readonly argv: readonly string[]; readonly stdin: boolean; readonly tty: boolean };

export function configOf(context: Context, flags: Flags, { argv, stdin, tty }: Wanted): ExecConfig {
  const { io } = context;
  if (stdin && tty && !flags.on('detach')) mustBeTerminal(io);
  const env = { ...readFlagFiles(io, flags).env, ...valuesOf('env', flags.list('env'), io.env) };
  return compact<ExecConfig>({
    argv,
    tty,
    stdin: stdin && !flags.on('detach'),
    env: some(env),
    workingDir: flags.text('workdir'),
    user: flags.text('user'),
    privileged: flags.on('privileged') || undefined,
    detach: flags.on('detach') || undefined,
  });
}

/** docker's 126 for whatever keeps it from starting, but 127 where there is no such program. */
function notStarted(error: unknown): never {
  if (!(error instanceof OrcError) || !['start.failed', 'input.invalid'].includes(error.problem.code))
    throw error;
  throw new OrcError({ ...error.problem, code: 'start.notexecutable' });
}

/** The program's own code; 126 and 127 when it could not be started. */
export async function execIn(
  context: Context,
  client: Client,
  container: string,
  config: ExecConfig,
  flags: Flags,
): Promise<number> {
  const { id } = await client.createExec(container, config);
  const resize = (columns: number, rows: number): Promise<unknown> => client.resizeExec(id, columns, rows);
  if (config.tty && !config.detach) await tellSize(context.io, resize);
  const duplex = await client.startExec(id).catch(notStarted);
  if (config.detach) {
    duplex.close();
    return 0;
  }
  const keys = flags.text('detach-keys');
  const how = await joinStreams(context.io, {
    duplex,
    stdin: config.stdin,
    tty: config.tty,
    resize,
    ...(keys === undefined ? {} : { detachKeys: keys }),
  });
  return how === 'detached' ? 0 : ((await client.getExec(id)).exitCode ?? 0);
}
