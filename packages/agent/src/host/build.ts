/** RUN steps of builds: one-off launches on layers that the builder names. */
import { dirname } from 'node:path';
import { type ContainerId, type ContainerSpec, type Digest, newContainerId } from '@orc/model';
import type { RunStep, RunStepRunner } from '@orc/image';
import type { Running, StartRequest } from '@orc/runtime';
import type { AgentOptions } from '../types.ts';
import { connect } from './attachment.ts';
import type { Stored } from './folder.ts';

const SCRATCH_IMAGE = `sha256:${'0'.repeat(64)}` as Digest;

export function openRunStep(options: AgentOptions): RunStepRunner {
  return async (step) => {
    const id = newContainerId((count) => options.random.bytes(count));
    try {
      const running = await options.runtime.start(await requestOf(id, step, options));
      await options.network.attached(id);
      return { code: await watch(running, step) };
    } finally {
      await options.network.release(id);
      // The step's folder is the next one's lower directory: it may not be mounted any more.
      await options.runtime.release(id, dirname(step.upper));
    }
  };
}

async function requestOf(id: ContainerId, step: RunStep, options: AgentOptions): Promise<StartRequest> {
  const spec: ContainerSpec = {
    image: 'build',
    entrypoint: [],
    command: step.argv,
    env: step.env,
    workingDir: step.workingDir,
    user: step.user,
    extraHosts: step.extraHosts,
    security: { noNewPrivileges: false },
    networkMode:
      step.network === 'default'
        ? { kind: 'networks', attachments: [{ network: 'bridge' }] }
        : { kind: step.network },
    ...(step.shmSizeBytes === undefined ? {} : { shmSizeBytes: step.shmSizeBytes }),
  };
  const stored: Stored = {
    schema: 1,
    id,
    name: `build-${id.slice(0, 12)}`,
    createdAt: options.clock.now(),
    spec,
  };
  const hostname = 'build';
  const connection = await connect(stored, hostname, [], {
    network: options.network,
    joined: () => undefined,
    // A step is on the node's own network, which does not grow.
    grow: () => Promise.resolve(),
  });
  return {
    id,
    folder: dirname(step.upper),
    attempt: 1,
    spec,
    image: { id: SCRATCH_IMAGE, config: { ...step.config, Volumes: null }, layers: step.layers },
    hostname,
    mounts: step.mounts ?? [],
    etc: connection.etc,
    networkNamespace: connection.namespace,
    kernelOps: connection.ops,
    volatileRoot: true,
    attach: { stdin: false, stdout: true, stderr: true },
  };
}

async function watch(running: Running, step: RunStep): Promise<number> {
  const kill = (): void => void running.kill().catch(() => {});
  step.signal?.addEventListener('abort', kill);
  // While it was started nobody listened.
  if (step.signal?.aborted === true) kill();
  try {
    for await (const { stream, data } of running.attachment?.output ?? []) {
      await step.onOutput(stream, data);
    }
    return (await running.exited).code;
  } finally {
    step.signal?.removeEventListener('abort', kill);
  }
}
