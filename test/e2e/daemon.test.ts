/** The daemon as a process: it ends when asked to, comes back, and goes without a trace. */
import { expect, test } from 'vitest';
import { bootstrapBusybox, collect, execIn, forever, idle, problemOf, startNew } from '../lab/engine.ts';
import { type Instance, makeInstance, startInstance } from '../lab/instance.ts';

test('SIGTERM ends a daemon with streams open; containers live on and are found again', async () => {
  const instance = await startInstance();
  const { client } = instance;
  try {
    await bootstrapBusybox(instance);
    const id = await startNew(client, idle({ openStdin: true }), 'lasting');
    const { pid } = await client.getContainer(id);
    const streams = Promise.allSettled([
      collect(client.containerLogs(id, { follow: true, stdout: true, stderr: true }, forever())),
      collect((await client.attachContainer(id, { stdin: true, stdout: true, stderr: true })).output),
      execOutput(instance, id),
      client.waitContainer(id, 'not-running', forever()),
      events(instance),
    ]);
    await execIn(client, id, ['true']);
    await instance.stop();
    // What it says when it gives up on streams that do not end.
    expect(instance.log()).not.toContain('closing took too long');
    expect(instance.log()).toContain('"msg":"stopping"');
    await streams;

    await instance.start();
    const found = await client.getContainer(id);
    expect(found).toMatchObject({ status: 'running', pid, attempt: 1 });
  } finally {
    await instance.purge();
  }
});

const execOutput = async ({ client }: Instance, id: string): Promise<unknown> => {
  const exec = await client.createExec(id, { argv: ['sleep', '100'], tty: false, stdin: true });
  return collect((await client.startExec(exec.id)).output);
};

const events = async ({ client }: Instance): Promise<void> => {
  for await (const _ of client.events({}, forever()));
};

test('purge removes running containers, networks, volumes and all that carries the name', async () => {
  const instance = await startInstance();
  const { client } = instance;
  let purged = false;
  try {
    await bootstrapBusybox(instance);
    await client.createNetwork('front', { driver: 'bridge' });
    const networkMode = { kind: 'networks', attachments: [{ network: 'front' }] } as const;
    const mounts = [{ type: 'volume', source: 'data', target: '/data' }] as const;
    const ports = [{ containerPort: 80, protocol: 'tcp' }] as const;
    await startNew(client, idle({ networkMode, mounts, ports }));
    await startNew(client, idle({ restart: { condition: 'always', delay: { kind: 'backoff' } } }));
    await startNew(client, idle({ networkMode: { kind: 'host' } }));
    const kinds = new Set(instance.leftovers().map((line) => line.split(' ')[0]));
    for (const kind of ['mount', 'link', 'nft', 'cgroup', 'process']) expect(kinds).toContain(kind);
    purged = true;
    await instance.purge();
  } finally {
    if (!purged) await instance.purge();
  }
});

test('who waits is told that the daemon stops, not that he gave up', async () => {
  const instance = await startInstance();
  const { client } = instance;
  try {
    await bootstrapBusybox(instance);
    const id = await startNew(client, idle());
    const begun = Promise.withResolvers<void>();
    const wait = problemOf(client.waitContainer(id, 'not-running', forever(), begun.resolve));
    await begun.promise;
    await instance.stop();
    expect(await wait).toMatchObject({ code: 'daemon.stopping' });
  } finally {
    await instance.purge();
  }
});

test('a daemon that cannot start leaves no process behind', async () => {
  const instance = makeInstance();
  try {
    const { code } = instance.orcd([], { ORC_HOST: 'unix:///proc/no/such/folder.sock' });
    expect(code).not.toBe(0);
    expect(instance.leftovers().filter((line) => line.startsWith('process '))).toEqual([]);
  } finally {
    await instance.purge();
  }
});

test('a second daemon for the same root is refused, and the first does not notice', async () => {
  const instance = await startInstance();
  try {
    const second = instance.orcd([]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/a daemon runs for .* already/);
    const elsewhere = instance.orc(['ls'], { env: { ORC_HOST: `unix://${instance.folder}/none.sock` } });
    expect(elsewhere.stderr).toBe(
      `error: the daemon did not start: a daemon runs for ${instance.folder}/root already (pid ${instance.pid()}), ` +
        `and answers on ${instance.folder}/run/orc.sock\n  hint: leave out ORC_HOST and ORC_RUN, ` +
        'or set them as that one has them; ORC_ROOT names another instance\n',
    );
    expect((await instance.client.version()).pid).toBe(instance.pid());
  } finally {
    await instance.purge();
  }
});
