/** What tests of the engine do all the time, over the typed client. */
import type { Client, CreateContainer, StreamChunk } from '@orc/api/client';
import type { ContainerId, ContainerSpec, Exit } from '@orc/model';
import type { Instance } from './instance.ts';

export const forever = (): AbortSignal => new AbortController().signal;

export type Ended = {
  readonly id: ContainerId;
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
};

/** The image that tests run: made in a second, without a network. */
export async function bootstrapBusybox({ client }: Instance): Promise<void> {
  for await (const { problem } of client.bootstrapImage('busybox', forever()))
    if (problem !== undefined) throw new Error(problem.message);
}

export const sh = (script: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  image: 'busybox',
  command: ['sh', '-c', script],
  ...more,
});

/** Sleeps for ever, and ends at once on SIGTERM. */
export const idle = (more: Partial<ContainerSpec> = {}): ContainerSpec =>
  sh('trap "exit 0" TERM; while :; do sleep 1000 & wait; done', more);

export async function make(client: Client, spec: ContainerSpec, name?: string): Promise<ContainerId> {
  const request: CreateContainer = name === undefined ? { spec } : { spec, name };
  return (await client.createContainer(request)).id;
}

export async function startNew(client: Client, spec: ContainerSpec, name?: string): Promise<ContainerId> {
  const id = await make(client, spec, name);
  await client.startContainer(id);
  return id;
}

/** As `orc container run`: attached before the start, so that nothing of the output is missed. */
export async function runToEnd(client: Client, spec: ContainerSpec, input?: string): Promise<Ended> {
  const id = await make(client, input === undefined ? spec : { ...spec, openStdin: true });
  const stdin = input !== undefined;
  const duplex = await client.attachContainer(id, { stdin, stdout: true, stderr: true });
  const output = collect(duplex.output);
  const exit = client.waitContainer(id, 'next-exit', forever());
  await client.startContainer(id);
  if (stdin) {
    await duplex.write(Buffer.from(input));
    duplex.closeStdin();
  }
  return { id, exit: await exit, ...(await output) };
}

export async function collect(
  output: AsyncIterable<StreamChunk>,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, data } of output) parts[stream].push(data);
  const text = (stream: 'stdout' | 'stderr'): string => Buffer.concat(parts[stream]).toString('utf8');
  return { stdout: text('stdout'), stderr: text('stderr') };
}

export const logsOf = (client: Client, id: string): Promise<{ stdout: string; stderr: string }> =>
  collect(client.containerLogs(id, { stdout: true, stderr: true }, forever()));

export type Execed = { readonly code: number; readonly stdout: string; readonly stderr: string };

export async function execIn(
  client: Client,
  id: string,
  argv: readonly string[],
  more: {
    readonly user?: string;
    readonly workingDir?: string;
    readonly input?: string;
    readonly tty?: boolean;
  } = {},
): Promise<Execed> {
  const { input, tty = false, ...rest } = more;
  const exec = await client.createExec(id, { argv, tty, stdin: input !== undefined, ...rest });
  const duplex = await client.startExec(exec.id);
  const output = collect(duplex.output);
  if (input !== undefined) {
    await duplex.write(Buffer.from(input));
    duplex.closeStdin();
  }
  const said = await output;
  return { code: (await client.getExec(exec.id)).exitCode ?? -1, ...said };
}

/** The code of the problem that it ends with; throws when there is none. */
export async function problemOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  const problem = (error as { problem?: { code: string; message: string } } | undefined)?.problem;
  if (problem === undefined) throw new Error(`expected a problem, got ${String(error)}`);
  return problem;
}
