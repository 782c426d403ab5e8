/** What an instance has in the kernel and on the disk: told by its name and its folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each; a lab's own daemon and log are not among them. */
export function leftovers(instance: string, folder: string): readonly string[] {
  return [
    ...mounts(folder),
    ...links(instance),
    ...rules(instance),
    ...cgroups(instance).map((path) => `cgroup ${path}`),
    ...processes(folder),
    ...folders(folder),
  ];
}

const mounts = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${folder}/`))
    .map((line) => `mount ${line.split(' ')[4]}`);

const links = (instance: string): string[] =>
  readdirSync('/sys/class/net')
    .filter((name) => name.startsWith(instance))
    .map((name) => `link ${name}`);

function rules(instance: string): string[] {
  const { stdout } = spawnSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line.includes(instance))
    .map((line) => `nft ${line.trim()}`);
}

const CGROUPS = '/sys/fs/cgroup';

/** Of each hierarchy, and of each container in it. */
export function cgroups(instance: string): readonly string[] {
  const roots = readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(CGROUPS, entry.name));
  return [CGROUPS, ...roots]
    .flatMap((root) => [join(root, instance), join(root, 'docker', instance)])
    .filter((path) => existsSync(path))
    .flatMap((path) => [path, ...foldersIn(path)]);
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));

/** The launcher names the run folder, shims hold theirs; the daemon's pool of threads and tests themselves do not. */
export function processes(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid, text: commandOf(pid) }))
    .filter(({ text }) => text.includes(folder))
    .map(({ pid, text }) => `process ${pid} ${text}`);
}

/** '' for one that has ended, and for a zombie, which has no folder either. */
function commandOf(pid: string): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    return `${command}${cwdOf(pid)}${command.startsWith('orc-') ? ` ${filesOf(pid).join(' ')}` : ''}`;
  } catch {
    return '';
  }
}

/** What it has open. */
const filesOf = (pid: string): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

const folders = (folder: string): string[] =>
  ['root', 'run'].map((name) => join(folder, name)).filter((path) => existsSync(path));
