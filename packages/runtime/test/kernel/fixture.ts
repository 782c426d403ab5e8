/** A runtime of its own with busybox as the only image, in a folder that is removed with everything in it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Clock, ContainerId, ContainerSpec, Digest, ImageConfig } from '@orc/model';
import {
  openRuntime,
  type Attachment,
  type OutputChunk,
  type Running,
  type Runtime,
  type StartRequest,
} from '../../src/index.ts';
import { type Launcher, openLauncher } from '../../src/host/launcher.ts';

export const NATIVE = join(import.meta.dirname, '../../native');

export type Fixture = {
  readonly folder: string;
  readonly runtime: Runtime;
  readonly layer: string;
  readonly instance: string;
  /** A second daemon on the same folders. */
  reopen(): Promise<Runtime>;
  request(spec?: Partial<ContainerSpec>, more?: Partial<StartRequest>, config?: ImageConfig): StartRequest;
  close(): Promise<void>;
};

export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export function buildNative(...args: readonly string[]): void {
  execFileSync('sh', [join(NATIVE, 'build.sh'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The launcher that reports misuse of memory, with its options; a program of its own, since it gets no environment. */
export function sanitizedLauncher(folder: string, options: string): string {
  buildNative('--sanitize');
  const program = join(folder, 'orc-launch-sanitized');
  const real = join(NATIVE, 'build/orc-launch-sanitized');
  writeFileSync(program, `#!/bin/sh\nASAN_OPTIONS=${options} exec ${real} "$@"\n`, {
    mode: 0o755,
  });
  return program;
}

/** A launcher without a daemon, with no cgroup of its own. */
export const openAlone = (folder: string, program = join(NATIVE, 'build/orc-launch')): Promise<Launcher> =>
  openLauncher({ clock, program, run: join(folder, 'run'), root: folder, cgroupFiles: () => [] });

/** One with other limits of `orc.h`, by name: what takes half a minute is over within a test. */
export function launcherWith(folder: string, limits: Readonly<Record<string, number>>): string {
  const [sources, program] = [join(folder, 'native'), join(folder, 'orc-launch-limits')];
  mkdirSync(sources);
  const files = readdirSync(NATIVE).filter((name) => /\.[ch]$/.test(name));
  for (const name of files) cpSync(join(NATIVE, name), join(sources, name));
  let header = readFileSync(join(sources, 'orc.h'), 'utf8');
  for (const [name, value] of Object.entries(limits)) {
    expect(header).toMatch(new RegExp(` ${name} = \\d+,`));
    header = header.replace(new RegExp(` ${name} = \\d+,`), ` ${name} = ${value},`);
  }
  writeFileSync(join(sources, 'orc.h'), header);
  const units = files.filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  execFileSync('cc', ['-std=gnu11', '-static', '-o', program, ...units]);
  return program;
}

/** busybox with a link per program, and the files that users are looked up in. */
export function makeLayer(folder: string): string {
  if (!existsSync('/bin/busybox')) throw new Error('/bin/busybox is missing: install busybox-static');
  const layer = join(folder, 'layer');
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'data']) {
    mkdirSync(join(layer, name), { recursive: true });
  }
  cpSync('/bin/busybox', join(layer, 'bin/busybox'));
  const programs = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const name of programs.filter((each) => each !== 'busybox'))
    symlinkSync('busybox', join(layer, 'bin', name));
  writeFileSync(
    join(layer, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n',
  );
  writeFileSync(join(layer, 'etc/group'), 'root:x:0:\napp:x:1001:\nmore:x:2000:app\n');
  return layer;
}

/** From C, into the image; its path on the host. */
export function buildProgram({ folder, layer }: Fixture, name: string, source: string): string {
  const program = join(layer, 'bin', name);
  writeFileSync(join(folder, `${name}.c`), source);
  execFileSync('cc', ['-static', '-O2', '-D_GNU_SOURCE', '-o', program, join(folder, `${name}.c`)]);
  return program;
}

/** Whoever reaps it may take a while. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const newId = (): ContainerId => randomBytes(32).toString('hex') as ContainerId;

export async function openFixture(launcher?: string): Promise<Fixture> {
  buildNative();
  const folder = mkdtempSync(join(tmpdir(), 'orc-runtime-'));
  const layer = makeLayer(folder);
  const instance = `orc-${randomBytes(3).toString('hex')}`;
  const open = (): Promise<Runtime> =>
    openRuntime({
      root: join(folder, 'root'),
      run: join(folder, 'run'),
      instance,
      emit: () => undefined,
      clock,
      ...(launcher === undefined ? {} : { launcher }),
    });
  const runtime = await open();
  const started = new Map<ContainerId, string>();
  return {
    folder,
    runtime,
    layer,
    instance,
    reopen: open,
    request: (spec = {}, more = {}, config = {}) => {
      const id = more.id ?? newId();
      const request = requestOf(folder, layer, id, spec, config);
      started.set(id, more.folder ?? request.folder);
      return { ...request, ...more };
    },
    close: async () => {
      for (const [id, each] of started) await runtime.remove(id, each);
      await runtime.shutdown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function requestOf(
  folder: string,
  layer: string,
  id: ContainerId,
  spec: Partial<ContainerSpec>,
  config: ImageConfig,
): StartRequest {
  return {
    id,
    folder: join(folder, 'root/containers', id),
    attempt: 1,
    spec: { image: 'busybox', ...spec },
    image: { id: `sha256:${'0'.repeat(64)}` as Digest, config: { Cmd: ['sh'], ...config }, layers: [layer] },
    hostname: id.slice(0, 12),
    mounts: [],
    etc: {
      hosts: '127.0.0.1 localhost\n',
      hostname: `${id.slice(0, 12)}\n`,
      resolvConf: 'nameserver 127.0.0.1\n',
    },
  };
}

export const shell = (line: string): Partial<ContainerSpec> => ({ command: ['sh', '-c', line] });

export const ATTACH_OUT = { stdin: false, stdout: true, stderr: true } as const;

export async function collect(attachment: Attachment | undefined): Promise<{ out: string; err: string }> {
  const parts: OutputChunk[] = [];
  for await (const chunk of attachment?.output ?? []) parts.push(chunk);
  const text = (stream: string): string =>
    Buffer.concat(parts.filter((each) => each.stream === stream).map((each) => each.data)).toString('utf8');
  return { out: text('stdout'), err: text('stderr') };
}

/** Reads on in the background; `text` grows. */
export function follow(attachment: Attachment | undefined): { text: string } {
  const seen = { text: '' };
  void (async () => {
    for await (const chunk of attachment?.output ?? []) seen.text += Buffer.from(chunk.data).toString('utf8');
  })();
  return seen;
}

/** Ends with 5 on TERM. A signal before the trap is set would be ignored, as pid 1's are. */
export const IDLE: Partial<ContainerSpec> = shell(
  'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done',
);

/** Starts what says `up` when it is ready. */
export async function startReady(runtime: Runtime, request: StartRequest): Promise<Running> {
  const running = await runtime.start({ ...request, attach: ATTACH_OUT });
  const seen = follow(running.attachment);
  await expect.poll(() => seen.text).toContain('up');
  return running;
}

/** The process that a container is the child of. */
export const shimOf = (pid: number): number =>
  Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Starts, waits for the end; code and output. */
export async function runShell(
  fixture: Fixture,
  line: string,
  spec: Partial<ContainerSpec> = {},
  more: Partial<StartRequest> = {},
): Promise<{ code: number; out: string; err: string }> {
  const running = await fixture.runtime.start(
    fixture.request({ ...shell(line), ...spec }, { attach: ATTACH_OUT, ...more }),
  );
  const output = await collect(running.attachment);
  const exit = await running.exited;
  return { code: exit.code, ...output };
}
