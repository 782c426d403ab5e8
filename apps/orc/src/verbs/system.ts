/** `orc system info`, `install`; `orc daemon`. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, formatSize } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
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

const UNIT_FILE = '/etc/systemd/system/orc.service';

/** A service of systemd and the group of the socket. Says each thing that it did; a second time there is nothing to do. */
export const install: Body = async (context, _, flags) => {
  const { io } = context;
  const unit = unitText(context);
  if (flags.on('print')) {
    context.out(unit.trimEnd());
    return 0;
  }
  if (io.uid !== 0)
    throw fail('permission.root', 'installing needs root', { hint: 'run "sudo orc system install"' });
  const there = existsSync(UNIT_FILE) ? readFileSync(UNIT_FILE, 'utf8') : undefined;
  mustBeOurs(there, context.host.root);
  const done: string[] = [];
  if (!/^orc:/m.test(readFileSync('/etc/group', 'utf8'))) {
    must('groupadd', ['--system', 'orc']);
    done.push('made the group orc: its members may use the socket, which is as good as root');
  }
  if (there !== unit) {
    writeFileSync(UNIT_FILE, unit, { mode: 0o644 });
    done.push(`wrote ${UNIT_FILE}`);
    if (existsSync('/run/systemd/system')) {
      must('systemctl', ['daemon-reload']);
      must('systemctl', ['enable', '--now', 'orc.service']);
      done.push('enabled and started orc.service');
    } else done.push('systemd does not run here: start the daemon with "orc daemon"');
  }
  context.out(done.length === 0 ? 'everything is installed already' : done.join('\n'));
  return 0;
};

/** There is one service: another instance's would stop and leave its containers to nobody. */
export function mustBeOurs(unit: string | undefined, root: string): void {
  const other = unit === undefined ? undefined : /^Environment=ORC_ROOT=(\S+)/m.exec(unit)?.[1];
  if (other === undefined || other === root) return;
  throw fail('conflict.name', `${UNIT_FILE} is the service of the instance under ${other}`, {
    hint: 'remove it first, or write another unit with "orc system install --print"',
  });
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined)
    throw fail('program.missing', `${program} is not installed`, { hint: `apt-get install ${program}` });
  if (status !== 0) throw fail('internal', `${program} ${args.join(' ')} failed: ${stderr.trim()}`);
}

/** Containers are no part of the service's life: only the daemon itself is killed, and may die without them. */
const unitText = ({ host }: Context): string => `[Unit]
Description=orc: containers and compose projects
After=network-online.target nftables.service
Wants=network-online.target

[Service]
Type=exec
Environment=ORC_ROOT=${host.root} ORC_RUN=${host.run}
Environment=${Object.entries(DAEMON_ENVIRONMENT)
  .map((pair) => pair.join('='))
  .join(' ')}
ExecStart=${[process.execPath, ...daemonProgram()].join(' ')}
Restart=always
RestartSec=1
KillMode=process
Delegate=yes
OOMPolicy=continue
OOMScoreAdjust=-500
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;

/** In the foreground: this process becomes the daemon, so that its parent signals and waits for the right one. */
export const daemon: Body = async (context, _, flags) => {
  const config = flags.text('config');
  const { io, host } = context;
  if (io.uid !== 0) throw fail('permission.root', 'the daemon needs root', { hint: 'run "sudo orc daemon"' });
  const more = config === undefined ? [] : ['--config', resolve(io.cwd, config)];
  const env = { ...DAEMON_ENVIRONMENT, ...io.env, ORC_ROOT: host.root, ORC_RUN: host.run };
  const given = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const args = [process.execPath, '--disable-warning=ExperimentalWarning', ...daemonProgram(), ...more];
  if (process.execve === undefined)
    throw fail('program.missing', 'this node cannot become another program', { hint: 'use Node 24' });
  return process.execve(process.execPath, args, given);
};
