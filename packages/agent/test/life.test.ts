/** Containers of one node, from what is asked of them to what comes of it, among rooms that a test holds in its hand. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerId, fail, newContainerId, OrcError, type RestartPolicy } from '@orc/model';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EMPTY_STATE, openStateFile } from '../src/host/folder.ts';
import { LIMITS } from '../src/limits.ts';
import { expiredLogs, type KeptLog } from '../src/plan/retention.ts';
import type { Agent } from '../src/types.ts';
import { assignmentOf, eventually, makeRooms, type Rooms, SPEC, taskOf, untilDone } from './rooms.ts';

let rooms: Rooms;
const agents: Agent[] = [];
beforeEach(() => {
  rooms = makeRooms();
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  rooms.remove();
});

const open = async (): Promise<Agent> => {
  const agent = await rooms.open();
  agents.push(agent);
  return agent;
};
const run = async ({ containers }: Agent, name: string, more = {}): Promise<ContainerId> => {
  const { id } = await containers.create({ name, spec: { ...SPEC, ...more } });
  await containers.start(id);
  return id;
};
const problemOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  return error instanceof OrcError ? error.problem.message : `no problem: ${String(error)}`;
};
const always: RestartPolicy = { condition: 'always', delay: { kind: 'fixed', ms: 0 } };

test('what is written last is what the file has, also behind a write that waits for the disk', async () => {
  const file = openStateFile(rooms.root);
  const written = [1, 2, 3, 4].map((attempt) =>
    file.write({ ...EMPTY_STATE, attempt }, attempt % 2 === 1 ? 'durable' : undefined),
  );
  await Promise.all(written);
  expect(JSON.parse(readFileSync(join(rooms.root, 'state.json'), 'utf8'))).toMatchObject({ attempt: 4 });
  void file.write({ ...EMPTY_STATE, attempt: 5 });
  expect(JSON.parse(readFileSync(join(rooms.root, 'state.json'), 'utf8'))).toMatchObject({ attempt: 5 });
});

test('folders of containers are marked as unrelated to each other, where the file system knows that', async () => {
  const marked = (path: string): string =>
    spawnSync('lsattr', ['-d', path], { encoding: 'utf8' }).stdout.split(' ')[0] ?? '';
  const beside = join(rooms.root, 'beside');
  mkdirSync(beside);
  spawnSync('chattr', ['+T', beside]);
  await open();
  expect(marked(join(rooms.root, 'containers'))).toBe(marked(beside));
});

describe('a step that fails and is tried again', () => {
  test('whoever removes hears why, and the removal comes about later', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    let free = false;
    rooms.on.release = async () => {
      if (!free) throw fail('conflict.state', 'its cgroup is busy');
    };
    expect(await problemOf(agent.containers.remove(id, { force: true }))).toBe('its cgroup is busy');
    free = true;
    await eventually(() => expect(agent.containers.list()).toEqual([]));
  });

  test('whoever stops hears why; the next who asks waits for a try of its own', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    const running = rooms.alive.get(id);
    let asked = false;
    (running as { signal: unknown }).signal = async () => {
      asked = true;
    };
    rooms.on.kill = () => Promise.reject(new Error('frozen'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stopped = problemOf(agent.containers.stop(id, { graceMs: 1 }));
    await untilDone(() => asked);
    await vi.advanceTimersByTimeAsync(LIMITS.killWaitMs + 10);
    expect(await stopped).toBe('container box did not end after SIGKILL');
    vi.useRealTimers();
    delete rooms.on.kill;
    await agent.containers.stop(id, { graceMs: 1 });
    expect(agent.containers.get(id)).toMatchObject({ status: 'exited' });
    expect(agent.containers.get(id).error).toBeUndefined();
  });
});

describe('a shim that does not answer', () => {
  const lost =
    (id: ContainerId): ((each: ContainerId) => Promise<never>) | undefined =>
    (each) =>
      each === id ? Promise.reject(fail('timeout', 'hangs')) : (Promise.resolve(found(each)) as never);
  const found = (id: ContainerId): object => {
    const running = rooms.alive.get(id);
    return running === undefined ? { state: 'none' } : { state: 'running', running };
  };

  test('keeps nobody else from being adopted; commands say so; it is adopted when it answers', async () => {
    const before = await open();
    const [hung, other] = [await run(before, 'hung'), await run(before, 'other')];
    await before.close();
    rooms.on.adopt = lost(hung) as never;
    const agent = await open();
    expect(agent.recovered.adopted).toBe(1);
    expect(agent.containers.get(other)).toMatchObject({ status: 'running' });
    expect(agent.containers.get(hung)).toMatchObject({ status: 'running', attempt: 1 });
    const sentence = 'container hung cannot be reached: hangs';
    expect(agent.containers.get(hung).error).toBe(sentence);
    expect(await problemOf(agent.containers.start(hung))).toBe(sentence);
    expect(await problemOf(agent.containers.kill(hung, 'SIGKILL'))).toBe(sentence);
    delete rooms.on.adopt;
    await eventually(() => expect(agent.containers.get(hung).pid).toBeDefined());
    await agent.containers.stop(hung);
    expect(agent.containers.get(hung)).toMatchObject({ status: 'exited', attempt: 1 });
  });

  test('one that never answers is not waited for', async () => {
    const before = await open();
    const hung = await run(before, 'hung');
    await before.close();
    rooms.on.adopt = () => new Promise(() => {});
    const agent = await open();
    expect(agent.recovered.tookMs).toBeGreaterThanOrEqual(LIMITS.adoptMs - 1);
    expect(await problemOf(agent.containers.stop(hung))).toContain('cannot be reached');
  });

  test('of a task: nothing is reported of it, and no step taken', async () => {
    const before = await open();
    before.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    await before.close();
    rooms.reports.length = 0;
    rooms.on.adopt = () => Promise.reject(fail('timeout', 'hangs'));
    const agent = await open();
    agent.assign(assignmentOf([taskOf('web')]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rooms.reports).toEqual([]);
    expect(rooms.alive.size).toBe(1);
  });
});

describe('a start that failed', () => {
  const failing = async (agent: Agent): Promise<void> => {
    rooms.on.start = () => Promise.reject(fail('start.failed', 'no such program'));
    agent.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.reports.at(-1)?.tasks[0]?.status.phase).toBe('failed'));
    delete rooms.on.start;
  };

  test('is as failed for the next daemon, for the same reason, until somebody asks anew', async () => {
    const before = await open();
    await failing(before);
    expect(rooms.log).toContain(`warn: start of ${taskOf('web').name} failed`);
    await before.close();
    rooms.reports.length = 0;
    const agent = await open();
    agent.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.reports).not.toEqual([]));
    expect(rooms.reports.at(-1)?.tasks[0]?.status).toMatchObject({
      phase: 'failed',
      generation: 1,
      problem: { message: 'no such program' },
    });
    expect(rooms.alive.size).toBe(0);
    agent.assign(assignmentOf([taskOf('web', { desired: { state: 'run', generation: 2 } })]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    expect(agent.containers.get(taskOf('web').containerId).error).toBeUndefined();
  });
});

describe('a second start that a daemon did not live to see', () => {
  const cutOff = async (forget: boolean): Promise<Agent> => {
    const before = await open();
    before.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    const { containerId } = taskOf('web');
    const hangs = Promise.withResolvers<void>();
    rooms.on.start = () => hangs.promise;
    const signal = { signal: async () => rooms.alive.get(containerId)?.end({ code: 3 }) };
    Object.assign(rooms.alive.get(containerId) as object, signal);
    before.assign(assignmentOf([taskOf('web', { desired: { state: 'run', generation: 2 } })]));
    const file = join(rooms.root, 'containers', containerId, 'state.json');
    const written = (): { attempt: number; before?: unknown } => JSON.parse(readFileSync(file, 'utf8'));
    await eventually(() => expect(written().attempt).toBe(2));
    await before.close();
    rooms.alive.clear();
    delete rooms.on.start;
    if (forget) writeFileSync(file, JSON.stringify({ ...written(), before: undefined }));
    rooms.reports.length = 0;
    return open();
  };

  test.each([
    ['as the attempt before ended', false, 3],
    ['for a reason that nobody knows', true, 137],
  ])('has ended %s, once it is to stop', async (_, forget, code) => {
    const agent = await cutOff(forget);
    agent.assign(assignmentOf([taskOf('web', { desired: { state: 'stop', generation: 2 } })]));
    await eventually(() =>
      expect(rooms.reports.at(-1)?.tasks[0]?.status).toMatchObject({
        phase: 'exited',
        attempt: 1,
        generation: 2,
        exit: { code },
      }),
    );
  });

  test('is begun again when it is to run', async () => {
    const agent = await cutOff(false);
    agent.assign(assignmentOf([taskOf('web', { desired: { state: 'run', generation: 2 } })]));
    await eventually(() => expect(agent.containers.get(taskOf('web').containerId).status).toBe('running'));
    expect(agent.containers.get(taskOf('web').containerId).attempt).toBe(2);
  });
});

describe('an end by hand', () => {
  test.each(['SIGKILL', '9', 'TERM'])('%s: the policy does not bring it back', async (signal) => {
    const agent = await open();
    const id = await run(agent, 'box', { restart: always });
    (rooms.alive.get(id) as { signal: unknown }).signal = async () => rooms.alive.get(id)?.end({ code: 137 });
    await agent.containers.kill(id, signal);
    await eventually(() => expect(agent.containers.get(id).status).toBe('exited'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(agent.containers.get(id)).toMatchObject({ status: 'exited', attempt: 1 });
    await agent.containers.start(id);
    rooms.alive.get(id)?.end({ code: 1 });
    await eventually(() => expect(agent.containers.get(id).attempt).toBe(3));
  });

  test('another signal leaves the policy as it is', async () => {
    const agent = await open();
    const id = await run(agent, 'box', { restart: always });
    await agent.containers.kill(id, 'SIGHUP');
    rooms.alive.get(id)?.end({ code: 1 });
    await eventually(() => expect(agent.containers.get(id)).toMatchObject({ status: 'running', attempt: 2 }));
  });
});

describe('ends and starts that meet', () => {
  test('a start waits until what the attempt before had is given back', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    const { promise, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    rooms.on.release = async () => {
      await promise;
      order.push('given back');
    };
    rooms.on.start = async () => void order.push('started');
    rooms.alive.get(id)?.end();
    await eventually(() => expect(agent.containers.get(id)).toMatchObject({ status: 'exited' }));
    const again = agent.containers.start(id);
    setImmediate(resolve);
    await again;
    expect(order).toEqual(['given back', 'started']);
  });

  test('the image of a container that is gone is free, though its files are still on their way out', async () => {
    const agent = await open();
    const { id } = await agent.containers.create({ name: 'box', spec: SPEC });
    const { promise, resolve } = Promise.withResolvers<void>();
    const freed: string[] = [];
    rooms.on.emptied = () => promise;
    rooms.on.free = (holder) => void freed.push(holder);
    await agent.containers.remove(id, {});
    expect(freed).toEqual([id]);
    resolve();
  });

  test('a negative grace is for as long as it takes', async () => {
    const agent = await open();
    const id = await run(agent, 'box', { stopSignal: 'SIGUSR1' });
    const stopped = agent.containers.stop(id, { graceMs: -1000 });
    await eventually(() => expect(rooms.alive.get(id)?.signals).toEqual(['SIGUSR1']));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(agent.containers.get(id)).toMatchObject({ status: 'running' });
    rooms.alive.get(id)?.end();
    await stopped;
  });
});

describe('networks', () => {
  const onNet = {
    networkMode: { kind: 'networks', attachments: [{ network: 'net' }] },
  } as const;

  test('a task says why its network could not be made, not that it is missing', async () => {
    const agent = await open();
    rooms.on.networks = () =>
      Promise.reject(fail('network.failed', 'bridge orc-1: the kernel has no bridges'));
    agent.assign(assignmentOf([taskOf('web', { container: { ...SPEC, ...onNet } })]));
    const statuses = (): readonly unknown[] =>
      rooms.reports.flatMap(({ tasks }) => tasks.map((each) => each.status));
    await eventually(() =>
      expect(statuses().at(-1)).toMatchObject({
        phase: 'failed',
        problem: { message: 'bridge orc-1: the kernel has no bridges' },
      }),
    );
  });

  test('networks that could not be made are tried again, also without a new assignment', async () => {
    const agent = await open();
    let tries = 0;
    rooms.on.networks = async () => {
      tries += 1;
      if (tries < 2) throw fail('network.failed', 'bridge orc-1: the kernel is busy');
    };
    agent.assign(assignmentOf([], { networks: [] }));
    await eventually(() => expect(tries).toBe(2));
    agent.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(agent.containers.list()).toMatchObject([{ status: 'running' }]));
    expect(tries).toBe(3);
  });

  test('one assignment after the other, and the newest names last', async () => {
    const agent = await open();
    const order: string[] = [];
    const slow = Promise.withResolvers<void>();
    let under = 0;
    rooms.on.networks = async (wanted) => {
      under += 1;
      expect(under).toBe(1);
      order.push(`networks ${wanted.length}`);
      if (wanted.length === 1) await slow.promise;
      under -= 1;
    };
    rooms.on.names = (count) => void order.push(`names ${count}`);
    const net = (name: string) => ({ id: name, name, spec: { driver: 'bridge' }, status: {} }) as never;
    const record = { network: 'a', name: 'x', addresses: [] };
    agent.assign(assignmentOf([], { networks: [net('a')], names: [record] }));
    await eventually(() => expect(order).toEqual(['networks 1']));
    agent.assign(assignmentOf([], { networks: [net('a'), net('b')] }));
    agent.assign(assignmentOf([], { networks: [net('a'), net('b'), net('c')], names: [record, record] }));
    slow.resolve();
    await eventually(() => expect(order).toEqual(['networks 1', 'names 1', 'networks 3', 'names 2']));
  });
});

describe('execs', () => {
  const request = { argv: ['x'], tty: false, attach: { stdin: false, stdout: true, stderr: true } };

  test('two starts at once run it once', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    let count = 0;
    rooms.on.exec = async () => {
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { pid: 1, attachment: { output: [] }, exited: new Promise(() => {}) } as never;
    };
    const exec = agent.containers.createExec(id, request);
    const outcomes = await Promise.allSettled([exec.start(), exec.start()]);
    expect(outcomes.map((each) => each.status)).toEqual(['fulfilled', 'rejected']);
    expect(count).toBe(1);
  });

  test('the event stream tells of each', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    rooms.on.exec = async () =>
      ({ pid: 1, attachment: { output: [] }, exited: Promise.resolve({ code: 3 }) }) as never;
    const watching = new AbortController();
    const events = rooms.options.events.watch({ signal: watching.signal });
    await agent.containers.createExec(id, { ...request, argv: ['sh', '-c', 'true'] }).start();
    const seen: string[] = [];
    for await (const { action, actor } of events) {
      seen.push(`${action} ${actor.attributes['exitCode'] ?? ''}`.trim());
      if (action === 'exec_die') break;
    }
    expect(seen).toEqual(['exec_create: sh -c true', 'exec_start: sh -c true', 'exec_die 3']);
  });

  test('those that nobody started make room, the oldest first', async () => {
    const agent = await open();
    const id = await run(agent, 'box');
    const made = Array.from(
      { length: LIMITS.execsMax + 1 },
      () => agent.containers.createExec(id, request).id,
    );
    expect(() => agent.containers.getExec(made[0] as string)).toThrow('no such exec');
    expect(agent.containers.getExec(made[1] as string).state()).toEqual({ running: false });
  });
});

describe('anonymous volumes', () => {
  const paths = ['/opt/application/server/storage/a', '/opt/application/server/storage/b'];
  const volumes = Object.fromEntries(paths.map((path) => [path, {}]));
  const names = (agent: Agent, id: string): readonly string[] =>
    Object.values(agent.containers.get(id).volumes ?? {}).map((each) => each.name);

  test('two that begin alike are two; both go with the container', async () => {
    rooms.on.image = { Volumes: volumes };
    const agent = await open();
    const id = await run(agent, 'box');
    expect(new Set(names(agent, id)).size).toBe(2);
    expect(readdirSync(join(rooms.root, 'volumes')).sort()).toEqual([...names(agent, id)].sort());
    await agent.containers.remove(id, { force: true, volumes: true });
    expect(readdirSync(join(rooms.root, 'volumes'))).toEqual([]);
  });

  test('of a container that went without them are not taken over by the next in its slot', async () => {
    rooms.on.image = { Volumes: volumes };
    const agent = await open();
    const old = taskOf('old');
    agent.assign(assignmentOf([old]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    const had = names(agent, old.containerId);
    agent.assign(assignmentOf([{ ...old, desired: { state: 'remove', generation: 1 } }]));
    await eventually(() => expect(agent.containers.list().length).toBe(0));
    const next = taskOf('next');
    agent.assign(assignmentOf([next]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    const has = names(agent, next.containerId);
    expect(has.filter((name) => had.includes(name))).toEqual([]);
    expect(readdirSync(join(rooms.root, 'volumes')).sort()).toEqual([...had, ...has].sort());
  });

  test.each([
    ['takes over what the one before has', 'old', true],
    ['that is to have new ones takes nothing', undefined, false],
  ] as const)(
    'a task beside its predecessor %s; nothing of it goes with that one',
    async (_, before, same) => {
      rooms.on.image = { Volumes: volumes };
      const agent = await open();
      const old = taskOf('old');
      const renewed = taskOf('new', before === undefined ? {} : { volumesOf: old.containerId });
      agent.assign(assignmentOf([old]));
      await eventually(() => expect(rooms.alive.size).toBe(1));
      agent.assign(assignmentOf([old, renewed]));
      await eventually(() => expect(rooms.alive.size).toBe(2));
      const [had, now] = [names(agent, old.containerId), names(agent, renewed.containerId)];
      expect(now.every((name) => had.includes(name))).toBe(same);
      const remove = { state: 'remove', generation: 1, removeVolumes: true } as const;
      agent.assign(assignmentOf([{ ...old, desired: remove }, renewed]));
      await eventually(() => expect(agent.containers.list().length).toBe(1));
      expect(readdirSync(join(rooms.root, 'volumes')).sort()).toEqual([...now].sort());
    },
  );
});

describe('a name', () => {
  test('stays with its container when the folder of a replacement cannot be made', async () => {
    const agent = await open();
    agent.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    const second = newContainerId((count) => new Uint8Array(count).fill(0xab));
    writeFileSync(join(rooms.root, 'containers', second), 'a file in its place');
    agent.assign(assignmentOf([taskOf('web'), taskOf('other', { name: 'web', containerId: second })]));
    await eventually(() => expect(rooms.log.join()).toContain('task web could not be made'));
    expect(await problemOf(agent.containers.create({ name: 'web', spec: SPEC }))).toContain('already in use');
  });

  test('of a container to join is not a beginning of some id', async () => {
    const agent = await open();
    const id = await run(agent, 'one');
    const spec = { ...SPEC, networkMode: { kind: 'container', container: '' } } as const;
    const { id: joining } = await agent.containers.create({ name: 'joins', spec });
    expect(await problemOf(agent.containers.start(joining))).toContain('no such container');
    const byName = { ...SPEC, networkMode: { kind: 'container', container: 'one' } } as const;
    await agent.containers.start((await agent.containers.create({ name: 'too', spec: byName })).id);
    expect(agent.containers.get(id).status).toBe('running');
  });
});

describe('after the daemon died', () => {
  const state = (id: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(rooms.root, 'containers', id, 'state.json'), 'utf8')) as never;

  test('when an attempt began is known of whatever ended meanwhile, and never that of another attempt', async () => {
    const before = await open();
    const id = await run(before, 'box');
    const first = before.containers.get(id).startedAt as number;
    await before.containers.stop(id);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await before.containers.start(id);
    const second = before.containers.get(id).startedAt as number;
    expect(second).toBeGreaterThan(first);
    await before.close();
    const exit = { code: 4, oomKilled: false, at: second + 7, reason: 'exit' };
    rooms.on.adopt = async () => ({ state: 'exited', attempt: 2, startedAt: second, exit });
    const agent = await open();
    expect(agent.containers.get(id)).toMatchObject({ startedAt: second, exit: { code: 4 } });
  });

  test('a reboot is noted when what it ended is written down', async () => {
    const before = await open();
    const id = await run(before, 'box');
    await before.close();
    writeFileSync(join(rooms.root, 'run/boot-id'), 'another boot');
    rooms.on.adopt = async () => ({ state: 'lost' });
    const seen: string[] = [];
    rooms.on.failpoint = (name) => {
      if (name !== 'agent.recover.settled') return;
      seen.push(readFileSync(join(rooms.root, 'run/boot-id'), 'utf8'), JSON.stringify(state(id)['exit']));
    };
    await open();
    expect(seen[0]).toBe('another boot');
    expect(seen[1]).toContain('"reason":"reboot"');
    expect(readFileSync(join(rooms.root, 'run/boot-id'), 'utf8')).not.toBe('another boot');
  });

  test('a damaged state file is set aside and said; the container is there', async () => {
    const before = await open();
    const id = await run(before, 'box');
    await before.close();
    writeFileSync(join(rooms.root, 'containers', id, 'state.json'), '{"schema":1,');
    const agent = await open();
    expect(agent.recovered.quarantined).toEqual([`${id}-state.json`]);
    expect(existsSync(join(rooms.root, 'quarantine'))).toBe(true);
    expect(agent.containers.get(id).status).toBe('running');
  });
});

test('a build step that is cancelled while it starts is killed', async () => {
  const agent = await open();
  const abort = new AbortController();
  const upper = join(rooms.root, 'step/upper');
  mkdirSync(upper, { recursive: true });
  rooms.on.start = async () => abort.abort();
  const step = {
    argv: ['sleep'],
    env: {},
    workingDir: '/',
    user: '',
    network: 'none',
    layers: [],
    config: {},
  };
  const done = agent.runStep({
    ...step,
    upper,
    extraHosts: [],
    signal: abort.signal,
    onOutput() {},
  } as never);
  await expect(done).resolves.toEqual({ code: 137 });
});

test('who follows for long leaves no listeners behind', async () => {
  const agent = await open();
  const id = await run(agent, 'box', { restart: always });
  const abort = new AbortController();
  const add = vi.spyOn(abort.signal, 'addEventListener');
  const removed = vi.spyOn(abort.signal, 'removeEventListener');
  const waits = agent.containers.wait(id, 'removed', abort.signal).catch(() => {});
  for (let attempt = 2; attempt < 6; attempt += 1) {
    rooms.alive.get(id)?.end({ code: 1 });
    await eventually(() => expect(agent.containers.get(id)).toMatchObject({ status: 'running', attempt }));
  }
  abort.abort();
  await waits;
  expect(add.mock.calls.length).toBeGreaterThan(3);
  expect(removed.mock.calls.length).toBe(add.mock.calls.length);
});

describe('logs of containers that are gone', () => {
  const kept = (path: string, bytes: number, changedAt: number): KeptLog => ({ path, bytes, changedAt });
  test.each([
    ['young and small', [kept('a', 5, 90), kept('b', 5, 95)], []],
    ['one is too old', [kept('a', 5, 49), kept('b', 5, 50)], ['a']],
    ['too much: the oldest go', [kept('a', 4, 90), kept('b', 4, 91), kept('c', 4, 92)], ['a']],
  ])('%s', (_, logs, gone) => {
    const expired = expiredLogs(logs, 100, { ageMs: 50, bytesMax: 10 });
    expect(expired.map(({ path }) => path)).toEqual(gone);
  });

  test('those past their time go with the folders that are empty then; of a container that is there none does', async () => {
    const agent = await open();
    agent.assign(assignmentOf([taskOf('web')]));
    await eventually(() => expect(rooms.alive.size).toBe(1));
    const own = join(rooms.root, 'logs/shop/web/1', taskOf('web').containerId);
    const [old, fresh] = ['old/db/1/x', 'shop/web/1/y'].map((each) => join(rooms.root, 'logs', each));
    const past = new Date(Date.now() - LIMITS.logAgeMs - 1000);
    for (const folder of [own, old as string, fresh as string]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'current'), 'text');
      if (folder === fresh) continue;
      utimesSync(join(folder, 'current'), past, past);
      utimesSync(folder, past, past);
    }
    const again = await open();
    await eventually(() => expect(readdirSync(join(rooms.root, 'logs'))).toEqual(['shop']));
    expect(readdirSync(join(rooms.root, 'logs/shop/web/1')).length).toBe(2);
    expect(again.recovered.adopted).toBe(1);
  });
});
