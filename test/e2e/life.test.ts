/** The life of a container, over the API, on the real kernel. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestartPolicy } from '@orc/model';
import {
  bootstrapBusybox,
  collect,
  execIn,
  forever,
  idle,
  logsOf,
  make,
  problemOf,
  runToEnd,
  sh,
  startNew,
} from '../lab/engine.ts';
import { catchesTerm } from '../lab/ending.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
const client = (): Instance['client'] => instance.client;
const status = async (id: string): Promise<string> => (await client().getContainer(id)).status;
const gone = (id: string): Promise<boolean> =>
  client()
    .getContainer(id)
    .then(() => false)
    .catch(() => true);

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge());

test('who closes the input of an exec as it ends has its output and exit code all the same', async () => {
  const id = await startNew(client(), idle(), 'closes');
  for (let round = 0; round < 60; round += 1) {
    const exec = await client().createExec(id, { argv: ['echo', 'said'], tty: false, stdin: true });
    const stream = await client().startExec(exec.id);
    stream.closeStdin();
    expect(await collect(stream.output)).toMatchObject({ stdout: 'said\n' });
    expect((await client().getExec(exec.id)).exitCode).toBe(0);
  }
  await client().removeContainer(id, { force: true });
});

describe('output, input and exit codes', () => {
  test('attached before the start, nothing of a short program is missed', async () => {
    const { exit, stdout, stderr } = await runToEnd(client(), sh('echo out; echo err >&2; exit 3'));
    expect({ code: exit.code, stdout, stderr }).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test.each([
    ['exit 0', 0, 'exit'],
    ['exit 255', 255, 'exit'],
    ['kill -TERM $$', 143, 'signal'],
    ['kill -KILL $$', 137, 'signal'],
  ])('%s ends with %i by %s', async (script, code, reason) => {
    const { exit } = await runToEnd(client(), sh(script, { init: true }));
    expect(exit).toMatchObject({ code, oomKilled: false });
    expect(['exit', reason]).toContain(exit.reason);
  });

  test('standard input comes through and ends', async () => {
    const { stdout } = await runToEnd(client(), sh('cat; echo end'), 'one\ntwo\n');
    expect(stdout).toBe('one\ntwo\nend\n');
  });

  test('without stdin a reader finds its end at once', async () => {
    const { stdout } = await runToEnd(client(), sh('cat; echo end'));
    expect(stdout).toBe('end\n');
  });

  test('megabytes both ways arrive whole', async () => {
    const text = 'x'.repeat(1023).concat('\n').repeat(4096);
    const { stdout } = await runToEnd(client(), sh('cat'), text);
    expect(stdout.length).toBe(text.length);
    expect(stdout).toBe(text);
  });

  test('a terminal gives one stream, its size and carriage returns', async () => {
    const id = await make(
      client(),
      sh('tty; stty size; echo err >&2; read line; stty size', { tty: true, openStdin: true }),
    );
    const duplex = await client().attachContainer(id, { stdin: true, stdout: true, stderr: true });
    const output = collect(duplex.output);
    const exit = client().waitContainer(id, 'next-exit', forever());
    await client().startContainer(id);
    await client().resizeContainer(id, 91, 37);
    await duplex.write(Buffer.from('\n'));
    expect((await exit).code).toBe(0);
    const { stdout, stderr } = await output;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^(\r\n)?\/dev\/(pts\/0|console)\r\n/);
    expect(stdout).toContain('err\r\n');
    expect(stdout).toContain('37 91\r\n');
  });

  test('logs hold both streams; tail and since choose', async () => {
    const { id } = await runToEnd(client(), sh('for i in 1 2 3; do echo line$i; done; echo bad >&2'));
    expect(await logsOf(client(), id)).toEqual({ stdout: 'line1\nline2\nline3\n', stderr: 'bad\n' });
    const tail = await collect(
      client().containerLogs(id, { stdout: true, stderr: false, tail: 1 }, forever()),
    );
    expect(tail.stdout).toBe('line3\n');
    const later = { stdout: true, stderr: true, sinceMs: Date.now() + 60_000 };
    expect(await collect(client().containerLogs(id, later, forever()))).toEqual({ stdout: '', stderr: '' });
  });

  test('logs that are followed end with the container', async () => {
    const id = await startNew(client(), sh('echo a; sleep 0.3; echo b'));
    const query = { stdout: true, stderr: true, follow: true };
    expect((await collect(client().containerLogs(id, query, forever()))).stdout).toBe('a\nb\n');
  });
});

describe('start, stop, kill, wait', () => {
  test('start of one that runs and stop of one that does not are no errors', async () => {
    const id = await startNew(client(), idle());
    await client().startContainer(id);
    const pid = (await client().getContainer(id)).pid as number;
    await until(() => catchesTerm(pid), 'its trap');
    await client().stopContainer(id, {});
    await client().stopContainer(id, {});
    expect(await client().getContainer(id)).toMatchObject({
      status: 'exited',
      attempt: 1,
      exit: { code: 0 },
    });
  });

  test('files stay over stop and start', async () => {
    const id = await startNew(client(), sh('echo x >> /count; wc -l < /count; exec sleep 1000'));
    await until(async () => (await logsOf(client(), id)).stdout === '1\n', 'the first line');
    await client().stopContainer(id, { timeoutMs: 0 });
    await client().startContainer(id);
    await until(async () => (await logsOf(client(), id)).stdout === '1\n2\n', 'the second line');
    expect((await client().getContainer(id)).attempt).toBe(2);
  });

  test('a program that ignores the signal is killed after its grace', async () => {
    const id = await startNew(client(), sh('trap "" TERM; echo ready; while :; do sleep 1; done'));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    const began = performance.now();
    await client().stopContainer(id, { timeoutMs: 300 });
    expect(performance.now() - began).toBeGreaterThanOrEqual(290);
    expect((await client().getContainer(id)).exit?.code).toBe(137);
  });

  test('a shim that does not answer holds no kill up: the grace runs from the request on', async () => {
    const id = await startNew(client(), idle());
    const pid = (await client().getContainer(id)).pid as number;
    const stat = (): string =>
      existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    const shim = Number(/\) \S (\d+) /.exec(stat())?.[1]);
    process.kill(shim, 'SIGSTOP');
    let still = true;
    const goOn = (): void => {
      if (still) process.kill(shim, 'SIGCONT');
      still = false;
    };
    try {
      const begin = performance.now();
      const stopping = client().stopContainer(id, { timeoutMs: 500 });
      // Nobody reaps it while its shim stands still.
      await until(() => stat() === '' || / Z /.test(stat()), 'the program to end');
      expect(performance.now() - begin).toBeLessThan(4000);
      goOn();
      await stopping;
    } finally {
      goOn();
    }
    expect(await status(id)).toBe('exited');
  });

  test('the stop signal is the container’s own', async () => {
    const script = 'trap "exit 42" USR1; echo ready; while :; do sleep 0.05; done';
    const id = await startNew(client(), sh(script, { stopSignal: 'SIGUSR1' }));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    await client().stopContainer(id, {});
    expect((await client().getContainer(id)).exit?.code).toBe(42);
  });

  test('kill sends any signal, and refuses a container that does not run', async () => {
    const id = await startNew(client(), sh('trap "echo got" HUP; echo ready; while :; do sleep 0.05; done'));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    await client().killContainer(id, 'HUP');
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\ngot\n', 'the signal');
    await client().killContainer(id, 'SIGKILL');
    expect((await client().waitContainer(id, 'not-running', forever())).code).toBe(137);
    expect((await problemOf(client().killContainer(id, 'KILL'))).code).toBe('conflict.state');
    expect((await problemOf(client().killContainer(id, 'NONSENSE'))).code).toMatch(/^(conflict|input)/);
  });

  test('a kill during a long grace ends the stop', async () => {
    const id = await startNew(client(), sh('trap "" TERM; echo ready; while :; do sleep 1; done'));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    const stopping = client().stopContainer(id, { timeoutMs: 60_000 });
    await client().killContainer(id, 'KILL');
    await stopping;
    expect(await status(id)).toBe('exited');
  });

  test('rm -f during a long grace does not wait for it', async () => {
    const id = await startNew(client(), sh('trap "" TERM; echo ready; while :; do sleep 1; done'));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    const stopping = client().stopContainer(id, { timeoutMs: 60_000 });
    await client().removeContainer(id, { force: true });
    await Promise.allSettled([stopping]);
    expect(await gone(id)).toBe(true);
  });

  test('a removal wins over every word that comes with it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await startNew(
        client(),
        idle({ restart: { condition: 'always', delay: { kind: 'backoff' } } }),
      );
      await Promise.allSettled([
        client().removeContainer(id, { force: true }),
        client().stopContainer(id, { timeoutMs: 60_000 }),
        client().restartContainer(id, {}),
        client().startContainer(id),
      ]);
      expect(await gone(id)).toBe(true);
    }
  });

  test('restart starts anew', async () => {
    const id = await startNew(client(), idle());
    const { pid } = await client().getContainer(id);
    await client().restartContainer(id, { timeoutMs: 1000 });
    const after = await client().getContainer(id);
    expect(after).toMatchObject({ status: 'running', attempt: 2 });
    expect(after.pid).not.toBe(pid);
  });

  test('two starts at once start once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await make(client(), idle());
      await Promise.all([1, 2, 3].map(() => client().startContainer(id)));
      expect((await client().getContainer(id)).attempt).toBe(1);
      await client().removeContainer(id, { force: true });
    }
  });

  test('wait of one that has ended answers at once; next-exit waits for the next', async () => {
    const { id } = await runToEnd(client(), sh('exit 7'));
    expect((await client().waitContainer(id, 'not-running', forever())).code).toBe(7);
    const begun = Promise.withResolvers<void>();
    const next = client().waitContainer(id, 'next-exit', forever(), () => begun.resolve());
    await begun.promise;
    await client().startContainer(id);
    expect((await next).code).toBe(7);
  });

  test('a client that stops waiting gives up alone', async () => {
    const id = await startNew(client(), idle());
    const abort = new AbortController();
    const wait = client().waitContainer(id, 'not-running', abort.signal);
    wait.catch(() => {});
    abort.abort();
    await expect(wait).rejects.toThrow();
    expect(await status(id)).toBe('running');
  });

  test('a program that is not there: 127; one that cannot be executed: 126; the container stays', async () => {
    const missing = await make(client(), { image: 'busybox', command: ['/none'] });
    expect((await problemOf(client().startContainer(missing))).code).toBe('start.notfound');
    const plain = await make(client(), { image: 'busybox', command: ['/etc/passwd'] });
    expect((await problemOf(client().startContainer(plain))).code).toBe('start.notexecutable');
    expect(await client().getContainer(missing)).toMatchObject({ status: 'created', attempt: 0 });
    expect((await client().getContainer(missing)).error).toContain('/none');
  });

  test('a failed start gives its attachment an end and a second start is tried', async () => {
    const id = await make(client(), { image: 'busybox', command: ['/none'] });
    const duplex = await client().attachContainer(id, { stdin: false, stdout: true, stderr: true });
    await problemOf(client().startContainer(id));
    expect(await collect(duplex.output)).toEqual({ stdout: '', stderr: '' });
    expect((await problemOf(client().startContainer(id))).code).toBe('start.notfound');
  });
});

describe('names and removal', () => {
  test('a name is taken once, and free again after removal', async () => {
    const id = await make(client(), idle(), 'unique');
    const taken = await problemOf(make(client(), idle(), 'unique'));
    expect(taken).toMatchObject({ code: 'conflict.name' });
    expect(taken.message).toContain(id.slice(0, 12));
    await client().removeContainer('unique', {});
    await client().removeContainer(await make(client(), idle(), 'unique'), {});
  });

  test('eight creates of one name at once: one wins', async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => make(client(), idle(), 'race')));
    expect(made.filter(({ status: outcome }) => outcome === 'fulfilled')).toHaveLength(1);
    await client().removeContainer('race', {});
  });

  test('ids go by a unique prefix, names whole', async () => {
    const ids = await Promise.all(Array.from({ length: 17 }, () => make(client(), idle())));
    const first = ids[0] as string;
    expect((await client().getContainer(first.slice(0, 12))).id).toBe(first);
    const digit = [...'0123456789abcdef'].find((each) => ids.filter((id) => id.startsWith(each)).length > 1);
    expect((await problemOf(client().getContainer(digit as string))).code).toBe('id.ambiguous');
    expect((await problemOf(client().getContainer('nosuch'))).code).toBe('notfound.container');
    await Promise.all(ids.map((id) => client().removeContainer(id, {})));
  });

  test.each(['', '-x', 'a b', 'x/../y', 'x'])('the name "%s" is refused', async (name) => {
    expect((await problemOf(make(client(), idle(), name))).code).toMatch(/^(input|usage)/);
  });

  test('a running one is removed by force only', async () => {
    const id = await startNew(client(), idle());
    expect((await problemOf(client().removeContainer(id, {}))).code).toBe('conflict.state');
    await client().removeContainer(id, { force: true });
    expect(await gone(id)).toBe(true);
    expect(readdirSync(`${instance.folder}/root/containers`)).not.toContain(id);
  });

  test('--rm goes by itself, and its exit code is known to who waits', async () => {
    const { id, exit } = await runToEnd(client(), sh('exit 9', { autoRemove: true }));
    expect(exit.code).toBe(9);
    await until(() => gone(id), 'the container to go');
    const other = await make(client(), sh('exit 4', { autoRemove: true }));
    const removed = client().waitContainer(other, 'removed', forever());
    await client().startContainer(other);
    expect((await removed).code).toBe(4);
  });

  test('--rm after stop, and after a failed start', async () => {
    const stopped = await startNew(client(), idle({ autoRemove: true }));
    await client().stopContainer(stopped, {});
    await until(() => gone(stopped), 'the container to go');
    const failed = await make(client(), { image: 'busybox', command: ['/none'], autoRemove: true });
    await problemOf(client().startContainer(failed));
    await until(() => gone(failed), 'the container whose start failed to go');
  });

  test('a missing image: nothing is left', async () => {
    const before = readdirSync(`${instance.folder}/root/containers`).length;
    const problem = await problemOf(make(client(), { image: 'localhost:1/none' }, 'nothing'));
    expect(problem.code).toMatch(/^(notfound\.image|image\.pull)$/);
    expect(readdirSync(`${instance.folder}/root/containers`)).toHaveLength(before);
    await client().removeContainer(await make(client(), idle(), 'nothing'), {});
  });
});

describe('restart policies', () => {
  const policy = (condition: RestartPolicy['condition'], maxAttempts?: number): RestartPolicy => ({
    condition,
    delay: { kind: 'backoff' },
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });

  test('on-failure stops after its attempts, with growing pauses', async () => {
    const began = performance.now();
    const id = await startNew(client(), sh('exit 5', { restart: policy('on-failure', 3) }));
    await until(async () => (await status(id)) === 'exited', 'the policy to give up');
    expect(performance.now() - began).toBeGreaterThan(100 + 200 + 400);
    expect(await client().getContainer(id)).toMatchObject({ attempt: 4, restarts: 3, exit: { code: 5 } });
  });

  test('on-failure leaves a success alone', async () => {
    const id = await startNew(client(), sh('exit 0', { restart: policy('on-failure') }));
    await until(async () => (await status(id)) === 'exited', 'its end');
    expect(await client().getContainer(id)).toMatchObject({ attempt: 1, restarts: 0 });
  });

  test('always comes back, and stays down when it is stopped', async () => {
    const restarted = (each: string, times: number): Promise<void> =>
      until(async () => (await client().getContainer(each)).restarts >= times, `${times} restarts`);
    const spec = sh('sleep 0.05', { restart: policy('always') });
    const id = await startNew(client(), spec);
    await restarted(id, 2);
    await client().stopContainer(id, {});
    const { attempt } = await client().getContainer(id);
    // By the time that another one has had more of them, its own next would have come.
    const other = await startNew(client(), spec);
    await restarted(other, 3);
    await client().removeContainer(other, { force: true });
    expect(await client().getContainer(id)).toMatchObject({ status: 'exited', attempt });
  });

  test('wait sees through restarts to the end', async () => {
    const id = await make(client(), sh('exit 6', { restart: policy('on-failure', 2) }));
    await client().startContainer(id);
    expect((await client().waitContainer(id, 'not-running', forever())).code).toBe(6);
    expect((await client().getContainer(id)).attempt).toBe(3);
  });

  test('one that is stopped while it waits for its restart gives its port back', async () => {
    const ports = [{ containerPort: 80, protocol: 'tcp' }] as const;
    const id = await startNew(client(), sh('exit 1', { ports, restart: policy('always') }));
    await until(async () => (await client().getContainer(id)).restarts >= 4, 'a long pause');
    const [published] = (await client().getContainer(id)).ports;
    expect(published?.hostPort).toBeGreaterThan(0);
    await client().stopContainer(id, {});
    await until(
      async () => (await client().getContainer(id)).ports.length === 0,
      'the port to be given back',
    );
    const other = await startNew(client(), idle({ ports: published === undefined ? [] : [published] }));
    await client().removeContainer(other, { force: true });
    expect(await status(id)).toBe('exited');
  });

  test('a container that waits for its restart can be removed', async () => {
    const id = await startNew(client(), sh('exit 1', { restart: policy('always') }));
    await until(async () => (await client().getContainer(id)).restarts >= 4, 'a long pause');
    await client().removeContainer(id, { force: true });
    expect(await gone(id)).toBe(true);
  });
});

describe('exec', () => {
  test('output, input, exit codes, user, folder', async () => {
    const id = await startNew(client(), idle({ env: { COLOR: 'red' } }));
    const said = await execIn(client(), id, ['sh', '-c', 'echo $COLOR; echo bad >&2; exit 4']);
    expect(said).toEqual({ code: 4, stdout: 'red\n', stderr: 'bad\n' });
    expect((await execIn(client(), id, ['cat'], { input: 'over\n' })).stdout).toBe('over\n');
    expect((await execIn(client(), id, ['id', '-u'], { user: '1234' })).stdout).toBe('1234\n');
    expect((await execIn(client(), id, ['pwd'], { workingDir: '/tmp' })).stdout).toBe('/tmp\n');
    expect((await execIn(client(), id, ['sh', '-c', 'kill -9 $$'])).code).toBe(137);
  });

  test('a terminal of its own, with its size', async () => {
    const id = await startNew(client(), idle());
    const exec = await client().createExec(id, {
      argv: ['sh', '-c', 'read x; stty size; test -t 0'],
      tty: true,
      stdin: true,
    });
    const duplex = await client().startExec(exec.id);
    const output = collect(duplex.output);
    await client().resizeExec(exec.id, 100, 40);
    await duplex.write(Buffer.from('\n'));
    expect((await output).stdout).toContain('40 100\r\n');
    expect(await client().getExec(exec.id)).toMatchObject({ exitCode: 0, running: false });
  });

  test('a program that is missing or cannot be executed', async () => {
    const id = await startNew(client(), idle());
    expect((await problemOf(execIn(client(), id, ['/none']))).code).toBe('start.notfound');
    expect((await problemOf(execIn(client(), id, ['/etc/passwd']))).code).toBe('start.notexecutable');
  });

  test('it sees the container’s processes, and ends with the container', async () => {
    const id = await startNew(client(), idle());
    const exec = await client().createExec(id, { argv: ['sleep', '1000'], tty: false, stdin: false });
    const duplex = await client().startExec(exec.id);
    expect((await execIn(client(), id, ['ps'])).stdout).toContain('sleep 1000');
    await client().stopContainer(id, { timeoutMs: 1000 });
    await collect(duplex.output);
    await until(async () => (await client().getExec(exec.id)).running === false, 'the exec to end');
    expect((await client().getExec(exec.id)).exitCode).toBe(137);
  });

  test('one that does not run refuses', async () => {
    const id = await make(client(), idle());
    expect((await problemOf(execIn(client(), id, ['true']))).code).toBe('conflict.state');
  });

  test('thirty at once, each with its own answer', async () => {
    const id = await startNew(client(), idle());
    const codes = Array.from({ length: 30 }, (_, index) => index);
    const ends = await Promise.all(
      codes.map((code) => execIn(client(), id, ['sh', '-c', `echo ${code}; exit ${code}`])),
    );
    expect(ends.map(({ code, stdout }) => [code, stdout])).toEqual(codes.map((code) => [code, `${code}\n`]));
  });
});

describe('health', () => {
  const fast = { intervalMs: 100, timeoutMs: 400, retries: 2 };
  const health = async (id: string): Promise<string> => (await client().getContainer(id)).health;

  test('healthy, then unhealthy, then healthy again; events tell', async () => {
    const test_ = ['CMD-SHELL', 'test -e /ok'];
    // Failures count from the first success on only, and no probe is late on a busy machine.
    const patient = { ...fast, timeoutMs: 20_000, startPeriodMs: 60_000, startIntervalMs: 100 };
    const id = await startNew(client(), idle({ healthcheck: { test: test_, ...patient } }));
    expect(await health(id)).toBe('starting');
    await execIn(client(), id, ['touch', '/ok']);
    await until(async () => (await health(id)) === 'healthy', 'health');
    await execIn(client(), id, ['rm', '/ok']);
    await until(async () => (await health(id)) === 'unhealthy', 'its loss');
    const { healthLog } = await client().getContainer(id);
    expect(healthLog?.at(-1)?.exitCode).toBe(1);
    await execIn(client(), id, ['touch', '/ok']);
    await until(async () => (await health(id)) === 'healthy', 'health again');
    await client().stopContainer(id, {});
  });

  test('the timeout kills the whole probe', async () => {
    const probe = 'sleep 777 & sleep 778 & wait';
    const id = await startNew(client(), idle({ healthcheck: { test: ['CMD-SHELL', probe], ...fast } }));
    await until(async () => (await health(id)) === 'unhealthy', 'two timeouts');
    const { healthLog } = await client().getContainer(id);
    expect(healthLog?.at(-1)?.output).toContain('exceeded timeout');
    // Processes of at most the one probe that runs now.
    const { stdout } = await execIn(client(), id, ['ps']);
    expect(stdout.split('\n').filter((line) => line.includes('sleep 777')).length).toBeLessThanOrEqual(2);
    await client().stopContainer(id, {});
  });

  test('output is cut at 4 KB and five probes are kept', async () => {
    const test_ = ['CMD-SHELL', 'yes | head -c 20000'];
    const id = await startNew(client(), idle({ healthcheck: { test: test_, ...fast, intervalMs: 30 } }));
    await until(async () => ((await client().getContainer(id)).healthLog?.length ?? 0) === 5, 'five probes');
    const { healthLog } = await client().getContainer(id);
    expect(healthLog?.every(({ output }) => output.length <= 4096)).toBe(true);
    await client().removeContainer(id, { force: true });
  });

  test('NONE turns the image’s off; a start period forgives failures', async () => {
    const none = await startNew(client(), idle({ healthcheck: { test: ['NONE'] } }));
    expect(await health(none)).toBe('none');
    const forgiving = { test: ['CMD', 'false'], ...fast, startPeriodMs: 60_000, startIntervalMs: 50 };
    const id = await startNew(client(), idle({ healthcheck: forgiving }));
    await until(async () => ((await client().getContainer(id)).healthLog?.length ?? 0) >= 4, 'four probes');
    expect(await health(id)).toBe('starting');
    await Promise.all([none, id].map((each) => client().removeContainer(each, { force: true })));
  });
});
