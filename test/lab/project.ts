/** Compose files on the real kernel: written to a folder, run by the command line, looked at from inside. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container } from '@orc/model';
import { bootstrapBusybox, execIn, logsOf } from './engine.ts';
import { type CommandResult, type Instance, startInstance } from './instance.ts';

export type Run = { readonly env?: Readonly<Record<string, string>>; readonly input?: string };

export type ComposeLab = {
  readonly instance: Instance;
  /** A folder with a compose file, and other files by their path in it. */
  project(name: string, compose: string, files?: Readonly<Record<string, string>>): LabProject;
  /** Removes all of it; nothing gets the time that it would have to end. */
  close(): Promise<void>;
};

export type LabProject = {
  readonly name: string;
  readonly folder: string;
  write(path: string, text: string): void;
  /** The command line in the project's folder. */
  orc(args: readonly string[], options?: Run): CommandResult;
  /** As `orc`; throws what it said when it ends with another code. */
  ok(args: readonly string[], options?: Run): string;
  /** What a shell in the service's first container prints, trimmed; throws when it fails. */
  sh(service: string, script: string, as?: { readonly user?: string }): Promise<string>;
  container(service: string, slot?: number): Promise<Container>;
  /** Ids of the containers that are there, by name. */
  ids(): Promise<Readonly<Record<string, string>>>;
  logs(service: string): Promise<string>;
};

export async function startComposeLab(): Promise<ComposeLab> {
  const instance = await startInstance();
  try {
    await bootstrapBusybox(instance);
  } catch (error) {
    await instance.purge().catch(() => {});
    throw error;
  }
  return {
    instance,
    project: (name, compose, files = {}) => openProject(instance, name, compose, files),
    async close() {
      await killAll(instance).catch(() => {});
      await instance.purge();
    },
  };
}

async function killAll({ client }: Instance): Promise<void> {
  const running = await client.listContainers({ all: false });
  await Promise.allSettled(running.map(({ id }) => client.killContainer(id, 'SIGKILL')));
}

function openProject(
  instance: Instance,
  name: string,
  compose: string,
  files: Readonly<Record<string, string>>,
): LabProject {
  const folder = join(instance.folder, name);
  const { client } = instance;
  const nameOf = (service: string, slot = 1): string => `${name}-${service}-${slot}`;
  const project: LabProject = {
    name,
    folder,
    write(path, text) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    orc: (args, options = {}) => instance.orc(args, { cwd: folder, ...options }),
    ok(args, options) {
      const { code, stdout, stderr } = project.orc(args, options);
      if (code !== 0) throw new Error(`orc ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
      return stdout;
    },
    async sh(service, script, as = {}) {
      const { code, stdout, stderr } = await execIn(client, nameOf(service), ['sh', '-c', script], as);
      if (code !== 0) throw new Error(`${service}: ${script} ended with ${code}: ${stderr}${stdout}`);
      return stdout.trim();
    },
    container: (service, slot) => client.getContainer(nameOf(service, slot)),
    async ids() {
      const all = await client.listContainers({ all: true });
      const own = all.filter((each) => each.name.startsWith(`${name}-`));
      return Object.fromEntries(own.map((each) => [each.name, each.id]));
    },
    async logs(service) {
      const { stdout, stderr } = await logsOf(client, nameOf(service));
      return stdout + stderr;
    },
  };
  for (const [path, text] of Object.entries({ 'compose.yaml': compose, ...files })) project.write(path, text);
  return project;
}
