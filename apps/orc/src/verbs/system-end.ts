/** `orc system stop` and `orc system purge`. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fail } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { type Context, confirm } from '../cli/context.ts';
import { environmentOf } from '../cli/host.ts';
import { daemonProgram } from '../cli/program.ts';
import { stopDaemon } from '../cli/stop-daemon.ts';

export const stop: Body = async (context) => {
  const pid = await stopDaemon(context.host);
  if (pid === undefined)
    throw fail('daemon.unreachable', `no daemon runs for ${context.host.root}`, {
      hint: 'ORC_ROOT names the folder of another instance',
    });
  context.out(`stopped the orc daemon (pid ${pid}); its containers live on`);
  return 0;
};

export const purge: Body = async (context, _, flags) => {
  const { io, host } = context;
  if (io.uid !== 0)
    throw fail('permission.root', 'purging needs root', { hint: 'run "sudo orc system purge"' });
  const question = `This removes every container, image, volume and all other data of the instance under ${host.root}. Are you sure?`;
  if (!flags.on('force') && !(await confirm(context, question, 'use "orc system purge -f"'))) return 1;
  const pid = await stopDaemon(host);
  if (pid !== undefined) context.out(`stopped the orc daemon (pid ${pid})`);
  if (!existsSync(join(host.root, 'raft'))) {
    context.out(`nothing of orc is under ${host.root}`);
    return 0;
  }
  await runPurge(context);
  context.out(`removed all of the instance under ${host.root}`);
  if (existsSync(host.root)) {
    const others = readdirSync(host.root).length > 0;
    context.out(`the folder itself stays${others ? ': it holds other things' : ''}`);
  }
  return 0;
};

async function runPurge({ io, host }: Context): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...daemonProgram(), '--purge'],
    {
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...io.env, ...environmentOf(host) },
    },
  );
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const [code, said] = await Promise.all([ended, textOf(child.stderr)]);
  if (code !== 0)
    throw fail('internal', `the purge failed (${code}): ${said.trim().split('\n').slice(-3).join('\n')}`, {
      hint: 'run "orc system purge" again: it goes on with what is left',
    });
}
