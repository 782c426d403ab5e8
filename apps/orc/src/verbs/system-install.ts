/** `orc system install` and `uninstall`: the daemon as a service of systemd. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { environmentOf } from '../cli/host.ts';
import { DAEMON_ENVIRONMENT, daemonProgram } from '../cli/program.ts';

const UNIT_FILE = '/etc/systemd/system/orc.service';
const GROUP = 'orc';

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
  const there = unitThere();
  mustBeOurs(there, context.host.root);
  const done: string[] = [];
  if (groupThere() === undefined) {
    must('groupadd', ['--system', GROUP]);
    done.push('made the group orc: its members may use the socket, which is as good as root');
  }
  if (there !== unit) {
    writeFileSync(UNIT_FILE, unit, { mode: 0o644 });
    done.push(`wrote ${UNIT_FILE}`);
    if (systemdRuns()) {
      must('systemctl', ['daemon-reload']);
      must('systemctl', ['enable', '--now', 'orc.service']);
      done.push('enabled and started orc.service');
    } else done.push('systemd does not run here: start the daemon with "orc daemon"');
  }
  context.out(done.length === 0 ? 'everything is installed already' : done.join('\n'));
  return 0;
};

/**
 * What `install` did, undone; says each thing. Containers run on, and all data stays: `purge` ends those. A second time
 * there is nothing to do.
 */
export const uninstall: Body = async (context) => {
  if (context.io.uid !== 0)
    throw fail('permission.root', 'uninstalling needs root', { hint: 'run "sudo orc system uninstall"' });
  const { root } = context.host;
  const there = unitThere();
  mustBeOurs(there, root, 'set ORC_ROOT to it to uninstall that one');
  const done = [...(there === undefined ? [] : removeUnit()), ...removeGroup()];
  if (done.length === 0) {
    context.out('nothing is installed');
    return 0;
  }
  context.out(done.join('\n'));
  if (existsSync(join(root, 'raft')))
    context.out(`containers and data under ${root} stay: "orc system purge" removes them`);
  return 0;
};

function removeUnit(): readonly string[] {
  const runs = systemdRuns();
  if (runs) must('systemctl', ['disable', '--now', 'orc.service']);
  rmSync(UNIT_FILE, { force: true });
  if (runs) must('systemctl', ['daemon-reload']);
  return [...(runs ? ['stopped and disabled orc.service'] : []), `removed ${UNIT_FILE}`];
}

/** Whoever was let in by hand keeps the group; so does who has no other. */
function removeGroup(): readonly string[] {
  const group = groupThere();
  if (group === undefined) return [];
  const [gid = '', members = ''] = group;
  const whose = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const users = [...members.split(','), ...whose.flatMap((each) => (each[3] === gid ? [each[0] ?? ''] : []))];
  const named = users.filter((each) => each !== '');
  if (named.length > 0) return [`left the group ${GROUP}, as it has members: ${named.join(', ')}`];
  must('groupdel', [GROUP]);
  return [`removed the group ${GROUP}`];
}

const systemdRuns = (): boolean => existsSync('/run/systemd/system');
const unitThere = (): string | undefined =>
  existsSync(UNIT_FILE) ? readFileSync(UNIT_FILE, 'utf8') : undefined;

/** Its number and its members. */
function groupThere(): readonly string[] | undefined {
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  return lines
    .find((line) => line.startsWith(`${GROUP}:`))
    ?.split(':')
    .slice(2);
}

/** There is one service: another instance's would stop and leave its containers to nobody. */
export function mustBeOurs(
  unit: string | undefined,
  root: string,
  hint = 'remove it first, or write another unit with "orc system install --print"',
): void {
  const other = unit === undefined ? undefined : /^Environment=ORC_ROOT=(\S+)/m.exec(unit)?.[1];
  if (other === undefined || other === root) return;
  throw fail('conflict.name', `${UNIT_FILE} is the service of the instance under ${other}`, {
    hint,
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
Environment=${Object.entries(environmentOf(host))
  .map((pair) => pair.join('='))
  .join(' ')}
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
