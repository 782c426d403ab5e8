/** A sandbox stays for as long as anybody runs in it (DECISIONS 7). */
import {
  type AssignedTask,
  type ContainerSpec,
  fail,
  type RestartPolicy,
  type TaskDesired,
} from '@orc/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../src/types.ts';
import { assignmentOf, eventually, makeRooms, type Rooms, SPEC, taskOf } from './rooms.ts';

let rooms: Rooms;
let agent: Agent;
let released: string[];
beforeEach(async () => {
  rooms = makeRooms();
  agent = await rooms.open();
  released = [];
  rooms.on.release = async (id, cut) => {
    const name = [owner, guest, deep].find((each) => each.containerId === id)?.name ?? id;
    released.push(cut ? `${name}, cut` : name);
  };
});
afterEach(async () => {
  await agent.close();
  rooms.remove();
});

const inNetworkOf = (service: string): ContainerSpec => ({
  ...SPEC,
  networkMode: { kind: 'service', service },
});
const owner = taskOf('owner', { service: 'owner' });
const guest = taskOf('guest', { service: 'guest', container: inNetworkOf('owner') });
const deep = taskOf('deep', { service: 'deep', container: inNetworkOf('guest') });
const wanting = (task: AssignedTask, state: TaskDesired['state'], generation = 1): AssignedTask => ({
  ...task,
  desired: { state, generation },
});
const runs = ({ containerId }: AssignedTask): boolean => rooms.alive.has(containerId);
const assign = async (...tasks: AssignedTask[]): Promise<void> => {
  agent.assign(assignmentOf(tasks));
  await eventually(() => {
    for (const each of tasks) expect(runs(each), each.name).toBe(each.desired.state === 'run');
  });
};

/** One after the other: a guest is refused where nobody is. */
const startAll = async (): Promise<void> => {
  await assign(owner);
  await assign(owner, guest);
  await assign(owner, guest, deep);
};

test('it is given back when its owner has stopped and the last guest has ended, also a guest of a guest', async () => {
  await startAll();
  await assign(wanting(owner, 'stop'), guest, deep);
  await assign(wanting(owner, 'stop'), wanting(guest, 'stop'), deep);
  expect(released).not.toContain('owner');
  await assign(wanting(owner, 'stop'), wanting(guest, 'stop'), wanting(deep, 'stop'));
  await eventually(() => expect(released).toContain('owner'));
});

test('an owner that starts again has what it had', async () => {
  await startAll();
  await assign(wanting(owner, 'stop'), guest, deep);
  await assign(wanting(owner, 'run', 2), guest, deep);
  expect(released).toEqual([]);
  await assign(wanting(owner, 'stop', 2), wanting(guest, 'stop'), wanting(deep, 'stop'));
  await eventually(() => expect(released).toContain('owner'));
});

test('an owner that is removed takes its network along', async () => {
  await startAll();
  await assign(wanting(owner, 'stop'), guest, deep);
  agent.assign(assignmentOf([wanting(owner, 'remove'), guest, deep]));
  await eventually(() => expect(released).toEqual(['owner, cut']));
  expect([guest, deep].map(runs)).toEqual([true, true]);
});

test("a task's address on the network of every host is its node's to give, beside those of the state", async () => {
  const attachments = [
    { network: 'net', gatewayPriority: 1 },
    { network: 'bridge', gatewayPriority: 2 },
  ];
  const given = { network: 'net', interface: 'eth1', ipv4: '10.9.0.2', mac: '', aliases: [] };
  const container: ContainerSpec = { ...SPEC, networkMode: { kind: 'networks', attachments } };
  const task = taskOf('both', { service: 'both', container, endpoints: [given] });
  const endpoints = () =>
    agent.containers
      .get(task.containerId)
      .endpoints.map((each) => `${each.interface} ${each.network} ${each.ipv4}`);
  await assign(task);
  expect(endpoints()).toEqual(['eth0 bridge 10.0.0.1', 'eth1 net 10.9.0.2']);
  // It was given back meanwhile: another may have it.
  await assign({ ...wanting(task, 'stop') });
  await assign({ ...wanting(task, 'run', 2) });
  expect(endpoints()).toEqual(['eth0 bridge 10.0.0.2', 'eth1 net 10.9.0.2']);
});

describe('whom it joins is not up yet, and will be', () => {
  const always: RestartPolicy = { condition: 'always', delay: { kind: 'fixed', ms: 20 } };
  const holder = taskOf('owner', { service: 'owner', container: { ...SPEC, restart: always } });
  const inside: ContainerSpec = { ...SPEC, restart: always, pidMode: { kind: 'service', service: 'owner' } };
  const guestOf = taskOf('guest', { service: 'guest', container: inside });
  const failed = (): readonly unknown[] =>
    rooms.reports
      .flatMap(({ tasks }) => tasks)
      .filter(({ status }) => status.phase === 'failed')
      .map(({ status }) => status.problem?.message);

  test('a start that is asked for at the same time waits for it', async () => {
    await assign(holder, guestOf);
    await assign(wanting(guestOf, 'run', 2), wanting(holder, 'run', 2));
    await eventually(() => expect(rooms.alive.get(guestOf.containerId)?.attempt).toBe(2));
    expect(failed()).toEqual([]);
  });

  test('one that its policy begins again waits too, however long the other takes', async () => {
    await assign(holder, guestOf);
    const held = Promise.withResolvers<void>();
    rooms.on.start = ({ id }) => (id === holder.containerId ? held.promise : Promise.resolve());
    rooms.alive.get(guestOf.containerId)?.end();
    rooms.alive.get(holder.containerId)?.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(runs(guestOf)).toBe(false);
    held.resolve();
    await eventually(() => expect([holder, guestOf].map(runs)).toEqual([true, true]));
    expect(failed()).toEqual([]);
  });

  test('it ends while the start is under way: the start that follows is another', async () => {
    await assign(holder);
    const lost = fail('start.failed', 'cannot join the pid namespace of process 7216: ESRCH');
    let tries = 0;
    rooms.on.start = async ({ id }) => {
      if (id !== guestOf.containerId) return;
      tries += 1;
      if (tries > 1) return;
      setTimeout(() => rooms.alive.get(holder.containerId)?.end(), 20);
      throw lost;
    };
    await assign(holder, guestOf);
    expect([tries, failed()]).toEqual([2, []]);
  });

  test('it does not come: the start fails, as it does where it fails beside one that lives', async () => {
    await assign(wanting(holder, 'stop'));
    agent.assign(assignmentOf([wanting(holder, 'stop'), guestOf]));
    await eventually(() => expect(failed()[0]).toMatch(/cannot join the namespaces of owner/));
    rooms.on.start = async ({ id }) => {
      if (id === guestOf.containerId) throw fail('start.failed', 'no such program');
    };
    await assign(wanting(holder, 'run', 2));
    agent.assign(assignmentOf([wanting(holder, 'run', 2), wanting(guestOf, 'run', 2)]));
    await eventually(() => expect(failed().at(-1)).toBe('no such program'));
  });
});
