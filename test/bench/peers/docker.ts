/** Debian's dockerd in a network namespace of its own, in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  copyFileSync,
  symlinkSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  rmSync,
  openSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../lab/instance.ts';

export type Docker = {
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;
  /** JSON of the answer, or its text. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  run(
    program: string,
    args: readonly string[],
    options?: { readonly cwd?: string },
  ): { readonly code: number; readonly stdout: string; readonly stderr: string };
  stop(): Promise<void>;
};

const NAMESPACE = 'orc-bench-docker';
export const NAMESPACE_FILE = `/run/netns/${NAMESPACE}`;
const installed = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: `${process.env['PATH']}:/usr/sbin` } })
    .status === 0;

export const dockerIsInstalled = (): boolean => installed('dockerd') && installed('docker');

export async function startDocker(): Promise<Docker> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-docker-'));
  spawnSync('ip', ['netns', 'add', NAMESPACE]);
  const inside = [`--net=/run/netns/${NAMESPACE}`];
  spawnSync('nsenter', [...inside, 'ip', 'link', 'set', 'lo', 'up']);
  const socket = join(folder, 'docker.sock');
  const log = openSync(join(folder, 'log'), 'w');
  const args = [
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '-p',
    join(folder, 'pid'),
    '-H',
    `unix://${socket}`,
  ];
  const daemon = spawn('nsenter', [...inside, 'dockerd', ...args], { stdio: ['ignore', log, log] });
  await until(
    () => existsSync(socket),
    'dockerd',
    () => daemon.exitCode !== null,
    30_000,
  );
  const env = { ...(process.env as Record<string, string>), DOCKER_HOST: `unix://${socket}` };
  const docker: Docker = {
    socket,
    env,
    call: (method, path, body) => call(socket, method, path, body),
    run(program, programArgs, options = {}) {
      const inNamespace =
        program === 'docker-compose'
          ? ['nsenter', [...inside, program, ...programArgs]]
          : [program, programArgs];
      const { status, stdout, stderr } = spawnSync(inNamespace[0] as string, inNamespace[1] as string[], {
        env,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        ...options,
      });
      return { code: status ?? -1, stdout, stderr };
    },
    stop: () => stop(daemon, folder),
  };
  importBusybox(docker, folder);
  return docker;
}

function importBusybox(docker: Docker, folder: string): void {
  const root = join(folder, 'busybox');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  const { code, stderr } = docker.run('sh', ['-c', `tar -C ${root} -c . | docker import - busybox`]);
  if (code !== 0) throw new Error(`docker import: ${stderr}`);
}

async function stop(daemon: ChildProcess, folder: string): Promise<void> {
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  process.kill(pid, 'SIGTERM');
  await ended;
  spawnSync('ip', ['netns', 'del', NAMESPACE]);
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    try {
      rmdirSync(join('/sys/fs/cgroup', controller, 'docker'));
    } catch {
      // Not there, or still in use by somebody else's containers.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

function call(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request({ socketPath, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const answer = Buffer.concat(parts).toString();
        if ((response.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer}`));
        else resolve(answer.startsWith('{') || answer.startsWith('[') ? JSON.parse(answer) : answer);
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
