/** A change of the time of day moves no restart, no retry and no health check (DECISIONS 30). */
import type { Exec, Running } from '@orc/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchHealth } from '../src/host/health.ts';
import { probeOf } from '../src/plan/health.ts';
import type { Agent } from '../src/types.ts';
import { eventually, makeRooms, type Rooms, SPEC, untilDone } from './rooms.ts';

const HOUR_MS = 3_600_000;
const DELAY_MS = 800;
let rooms: Rooms;
let agent: Agent;
beforeEach(async () => {
  rooms = makeRooms();
  agent = await rooms.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await agent.close();
  rooms.remove();
});

const jump = (ms: number): void => {
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ms);
};

test.each([-HOUR_MS, HOUR_MS])(
  'a restart comes after its back-off when the time of day jumps by %i ms',
  async (by) => {
    const restart = { condition: 'always', delay: { kind: 'fixed', ms: DELAY_MS } } as const;
    const { id } = await agent.containers.create({ name: 'box', spec: { ...SPEC, restart } });
    await agent.containers.start(id);
    const ended = performance.now();
    rooms.alive.get(id)?.end({ code: 1 });
    await untilDone(() => agent.containers.get(id).status === 'restarting');
    jump(by);
    await eventually(() => expect(agent.containers.get(id)).toMatchObject({ status: 'running', attempt: 2 }));
    expect(performance.now() - ended).toBeGreaterThan(DELAY_MS - 1);
  },
);

test('the start period of a health check lasts as long as it says', async () => {
  const probe = probeOf(
    { test: ['CMD', 'x'], intervalMs: 10, startPeriodMs: 60_000, retries: 1 },
    undefined,
    [],
  );
  const probed: number[] = [];
  const exec = async (): Promise<Exec> => {
    probed.push(performance.now());
    return {
      attachment: { output: (async function* () {})() },
      exited: Promise.resolve({ code: 1, timedOut: false }),
    } as unknown as Exec;
  };
  const running = { startedAt: Date.now(), exec } as unknown as Running;
  const said: string[] = [];
  const watch = watchHealth(running, probe as NonNullable<typeof probe>, {
    clock: rooms.options.clock,
    slots: (work) => work(),
    jitter: () => 0,
    onChange: (health) => void said.push(health),
  });
  jump(HOUR_MS);
  await eventually(() => expect(probed.length).toBeGreaterThan(2));
  watch.stop();
  expect(said).toEqual([]);
});
