/** `orc system info`; `orc daemon`. */
import { resolve } from 'node:path';
import { fail, formatSize } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { environmentOf } from '../cli/host.ts';
import { DAEMON_ENVIRONMENT, daemonProgram } from '../cli/program.ts';
import { compileTemplate } from '../format/template.ts';

export const info: Body = async (context, _, flags) => {
  const found = await (await context.client()).info();
  const format = flags.text('format');
  if (format === 'json') context.out(JSON.stringify(found));
  else if (format !== undefined && format !== 'table') context.out(compileTemplate(format)(found));
  else context.out(lines(found).join('\n'));
  return 0;
};

function lines(
  found: Awaited<ReturnType<Awaited<ReturnType<Context['client']>>['info']>>,
): readonly string[] {
  const { total, running, stopped } = found.containers;
  const rows: readonly (readonly [string, string])[] = [
    ['Version', found.version],
    ['Instance', found.instance],
    ['Root', found.root],
    ['Run', found.run],
    ['Host', `${found.hostname} (${found.os}, ${found.architecture}, kernel ${found.kernel})`],
    ['CPUs', String(found.cpus)],
    ['Memory', formatSize(found.memoryBytes)],
    ['cgroups', found.cgroup],
    ['seccomp', found.seccomp ? 'yes' : 'no'],
    ['Containers', `${total} (${running} running, ${stopped} stopped)`],
    ['Images', String(found.images)],
    ['Node', `${found.node.name} (${found.node.id})`],
    ['Log index', String(found.logIndex)],
    ['Missing', found.missing.join(', ') || 'nothing'],
    ['Host firewall', found.hostFirewall.join('; ') || 'nothing in the way'],
    ['Quarantined', found.quarantined.join(', ') || 'nothing'],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(15)} ${value}`);
}

/** In the foreground: this process becomes the daemon, so that its parent signals and waits for the right one. */
export const daemon: Body = async (context, _, flags) => {
  const config = flags.text('config');
  const { io, host } = context;
  if (io.uid !== 0) throw fail('permission.root', 'the daemon needs root', { hint: 'run "sudo orc daemon"' });
  const more = config === undefined ? [] : ['--config', resolve(io.cwd, config)];
  const env = { ...DAEMON_ENVIRONMENT, ...io.env, ...environmentOf(host) };
  const given = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const args = [process.execPath, '--disable-warning=ExperimentalWarning', ...daemonProgram(), ...more];
  if (process.execve === undefined)
    throw fail('program.missing', 'this node cannot become another program', { hint: 'use Node 24' });
  return process.execve(process.execPath, args, given);
};
