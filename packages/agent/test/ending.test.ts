/** What a container goes through between the wish that it ends and its signal (DECISIONS 10). */
import { fail } from '@orc/model';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../src/limits.ts';
import type { Agent } from '../src/types.ts';
import { assignmentOf, eventually, makeRooms, type Rooms, SPEC, taskOf, untilDone } from './rooms.ts';

let rooms: Rooms;
let agent: Agent;
/** What was asked of the container and of the network, in order. */
let order: string[];
beforeEach(async () => {
  rooms = makeRooms();
  agent = await rooms.open();
  order = [];
  rooms.on.withdraw = async () => void order.push('withdraw');
});
afterEach(async () => {
  vi.useRealTimers();
  await agent.close();
  rooms.remove();
});

/** Its signals are noted too; SIGTERM ends it, as far as it is not told otherwise. */
const start = async (ends = true): Promise<string> => {
  const { id } = await agent.containers.create({ name: 'box', spec: SPEC });
  await agent.containers.start(id);
  const running = rooms.alive.get(id) as unknown as { signal: (name: string) => Promise<void>; end(): void };
  running.signal = async (name) => {
    order.push(name);
    if (ends) running.end();
  };
  rooms.on.kill = async () => void order.push('kill');
  return id;
};

test('nobody new is sent to it before its signal comes, however long that takes within its bound', async () => {
  const id = await start();
  const { promise, resolve } = Promise.withResolvers<void>();
  rooms.on.withdraw = async () => {
    await promise;
    order.push('withdraw');
  };
  const stopped = agent.containers.stop(id);
  await new Promise((later) => setImmediate(later));
  expect(order).toEqual([]);
  resolve();
  await stopped;
  expect(order).toEqual(['withdraw', 'SIGTERM']);
});

test('a restart, and a task that is to stop, go the same way', async () => {
  const id = await start();
  await agent.containers.restart(id);
  expect(order).toEqual(['withdraw', 'SIGTERM']);
  const task = taskOf('web');
  agent.assign(assignmentOf([task]));
  await eventually(() => expect(rooms.alive.has(task.containerId)).toBe(true));
  order = [];
  agent.assign(assignmentOf([{ ...task, desired: { state: 'stop', generation: 1 } }]));
  await eventually(() => expect(rooms.alive.has(task.containerId)).toBe(false));
  expect(order).toEqual(['withdraw']);
});

test('a kill waits for nothing, also when it comes meanwhile', async () => {
  const id = await start();
  await agent.containers.stop(id, { graceMs: 0 });
  expect(order).toEqual(['kill']);
  const other = await agent.containers.create({ name: 'other', spec: SPEC });
  await agent.containers.start(other.id);
  let withdrawn = false;
  rooms.on.withdraw = () => {
    withdrawn = true;
    return new Promise(() => {});
  };
  const stopped = agent.containers.stop(other.id);
  await untilDone(() => withdrawn);
  await agent.containers.remove(other.id, { force: true });
  await stopped.catch(() => {});
  expect(order).toEqual(['kill', 'kill']);
});

test('a network that fails, or takes for ever, holds the signal up no longer than its bound', async () => {
  const id = await start();
  rooms.on.withdraw = () => Promise.reject(fail('network.failed', 'nft refused the rules'));
  await agent.containers.stop(id);
  expect(order).toEqual(['SIGTERM']);
  expect(rooms.log.join()).toContain('warn: a container that is to end may still be sent requests');

  let withdrawn = false;
  rooms.on.withdraw = () => {
    withdrawn = true;
    return new Promise(() => {});
  };
  const other = await agent.containers.create({ name: 'other', spec: SPEC });
  await agent.containers.start(other.id);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stopped = agent.containers.stop(other.id);
  await untilDone(() => withdrawn);
  await vi.advanceTimersByTimeAsync(LIMITS.drainMs - 10);
  expect(rooms.alive.get(other.id as never)?.signals).toEqual([]);
  await vi.advanceTimersByTimeAsync(20);
  vi.useRealTimers();
  await stopped;
  expect(rooms.alive.has(other.id as never)).toBe(false);
});

test('its grace period begins with its signal', async () => {
  const id = await start(false);
  let given: (() => void) | undefined;
  rooms.on.withdraw = () => new Promise((resolve) => (given = resolve));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stopped = agent.containers.stop(id, { graceMs: 1000 });
  await untilDone(() => given !== undefined);
  await vi.advanceTimersByTimeAsync(2000);
  expect(order).toEqual([]);
  given?.();
  await vi.advanceTimersByTimeAsync(900);
  expect(order).toEqual(['SIGTERM']);
  await vi.advanceTimersByTimeAsync(200);
  expect(order).toEqual(['SIGTERM', 'kill']);
  vi.useRealTimers();
  await stopped;
});

describe('a restart is told', () => {
  const seen: string[] = [];
  let watching: AbortController;
  let watched: Promise<void>;
  beforeEach(() => {
    seen.length = 0;
    watching = new AbortController();
    const { signal } = watching;
    watched = (async () => {
      for await (const { action, actor } of rooms.options.events.watch({ signal }))
        seen.push(`${actor.attributes['name']} ${action}`);
    })().catch(() => undefined);
  });
  afterEach(async () => {
    watching.abort();
    await watched;
  });
  const ask = (state: 'run' | 'stop', generation: number): void =>
    agent.assign(assignmentOf([{ ...taskOf('web'), desired: { state, generation } }]));
  const once = (what: string): Promise<void> => eventually(() => expect(seen).toContain(`web ${what}`));
  const stopping = ['web kill', 'web die', 'web stop'];

  test('as docker tells it, of a container and of a task', async () => {
    const id = await start();
    await agent.containers.restart(id);
    ask('run', 1);
    await once('start');
    ask('run', 2);
    await once('restart');
    const whole = ['create', 'start', 'kill', 'die', 'stop', 'start', 'restart'];
    expect(seen).toEqual(['box', 'web'].flatMap((name) => whole.map((action) => `${name} ${action}`)));
  });

  test('not of a start after one that failed', async () => {
    ask('run', 1);
    await once('start');
    rooms.on.start = () => Promise.reject(fail('conflict.port', 'its port is taken'));
    ask('run', 2);
    await eventually(() => expect(agent.containers.get('web').error).toBe('its port is taken'));
    delete rooms.on.start;
    seen.length = 0;
    ask('run', 3);
    await once('start');
    await eventually(() => expect(agent.containers.get('web').status).toBe('running'));
    expect(seen).toEqual(['web start']);
  });

  test('not of a start that nobody wanted any more when it came about', async () => {
    ask('run', 1);
    await once('start');
    let go: (() => void) | undefined;
    rooms.on.start = () => new Promise((resolve) => (go = resolve));
    ask('run', 2);
    await untilDone(() => go !== undefined);
    seen.length = 0;
    ask('stop', 2);
    go?.();
    await once('stop');
    expect(seen).toEqual(['web start', ...stopping]);
  });
});
