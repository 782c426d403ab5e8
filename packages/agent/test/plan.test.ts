import { CONTAINER_NAME, type Exit, type RestartPolicy } from '@orc/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterProbe, HEALTH_START, probeDelayMs, probeOf } from '../src/plan/health.ts';
import { allMounts, resolveMounts } from '../src/plan/mounts.ts';
import { propagationProblem } from '../src/plan/propagation.ts';
import { randomName } from '../src/plan/names.ts';
import { decideRestart } from '../src/plan/restart.ts';
import { nextStep, type Observed } from '../src/plan/step.ts';

const exit = (code: number): Exit => ({ code, oomKilled: false, at: 0, reason: 'exit' });
const policy = (condition: RestartPolicy['condition'], more: Partial<RestartPolicy> = {}): RestartPolicy => ({
  condition,
  delay: { kind: 'backoff' },
  ...more,
});
const ended = (code: number, more: object = {}) => ({
  exit: exit(code),
  ranMs: 10,
  restarts: 0,
  lastDelayMs: 0,
  ...more,
});

describe('restart in place', () => {
  test.each([
    ['no policy', undefined, 1, false],
    ['no', policy('no'), 1, false],
    ['always after success', policy('always'), 0, true],
    ['on-failure after success', policy('on-failure'), 0, false],
    ['on-failure after failure', policy('on-failure'), 3, true],
    ['unless-stopped', policy('unless-stopped'), 0, true],
    ['any', policy('any'), 0, true],
  ] as const)('%s', (_name, given, code, restart) => {
    expect(decideRestart(given, ended(code)).restart).toBe(restart);
  });

  test('the back-off doubles from 100 ms to a minute and starts anew after a long run', () => {
    const delays: number[] = [];
    let state = { restarts: 0, lastDelayMs: 0 };
    for (let count = 0; count < 12; count += 1) {
      const decision = decideRestart(policy('always'), ended(1, state));
      if (!decision.restart) break;
      delays.push(decision.delayMs);
      state = { restarts: decision.restarts, lastDelayMs: decision.delayMs };
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
    expect(decideRestart(policy('always'), ended(1, { ...state, ranMs: 10_000 }))).toMatchObject({
      delayMs: 100,
      restarts: 13,
    });
  });

  test.each([
    ['no', false],
    ['on-failure', false],
    ['always', true],
    ['unless-stopped', true],
  ] as const)('%s after a reboot', (condition, restart) => {
    const reboot = { ...ended(137), exit: { ...exit(137), reason: 'reboot' } };
    expect(decideRestart(policy(condition), reboot).restart).toBe(restart);
  });

  test('attempts are counted', () => {
    const limited = policy('on-failure', { maxAttempts: 2 });
    expect(decideRestart(limited, ended(1, { restarts: 1 })).restart).toBe(true);
    expect(decideRestart(limited, ended(1, { restarts: 2 })).restart).toBe(false);
    // However long they ran, where no window says since when.
    const long = { restarts: 2, ranMs: 3_600_000 };
    expect(decideRestart(limited, ended(1, long)).restart).toBe(false);
    const within = policy('any', { maxAttempts: 2, delay: { kind: 'fixed', ms: 0 }, windowMs: 60_000 });
    expect(decideRestart(within, ended(1, long))).toEqual({ restart: true, delayMs: 0, restarts: 1 });
    expect(decideRestart(within, ended(1, { restarts: 2, ranMs: 59_000 })).restart).toBe(false);
  });
});

describe('next step', () => {
  const seen = (more: Partial<Observed>): Observed => ({
    prepared: true,
    running: false,
    actedGeneration: 0,
    ...more,
  });
  test.each([
    ['run, not prepared', seen({ prepared: false }), 'run', 1, { do: 'prepare' }],
    ['run, asked', seen({}), 'run', 1, { do: 'start' }],
    ['run, running', seen({ running: true, actedGeneration: 1 }), 'run', 1, { do: 'wait' }],
    ['run, asked anew while running', seen({ running: true, actedGeneration: 1 }), 'run', 2, { do: 'stop' }],
    ['run, ended for good', seen({ actedGeneration: 1 }), 'run', 1, { do: 'wait' }],
    [
      'run, restart due later',
      seen({ actedGeneration: 1, restartAt: 50 }),
      'run',
      1,
      { do: 'wait', until: 50 },
    ],
    ['run, restart due', seen({ actedGeneration: 1, restartAt: 5 }), 'run', 1, { do: 'start' }],
    ['run, could not start', seen({ failedGeneration: 1 }), 'run', 1, { do: 'wait' }],
    ['run, could not be prepared', seen({ prepared: false, failedGeneration: 1 }), 'run', 1, { do: 'wait' }],
    ['stop, running', seen({ running: true }), 'stop', 1, { do: 'stop' }],
    ['stop, ended', seen({}), 'stop', 1, { do: 'wait' }],
    ['remove, running', seen({ running: true }), 'remove', 1, { do: 'stop' }],
    ['remove, ended', seen({}), 'remove', 1, { do: 'remove' }],
    ['remove, failed a moment ago', seen({ retryAt: 99 }), 'remove', 1, { do: 'wait', until: 99 }],
    ['ready', seen({ prepared: false }), 'ready', 0, { do: 'prepare' }],
  ] as const)('%s', (_name, observed, state, generation, step) => {
    expect(nextStep(observed, { state, generation }, 10)).toEqual(step);
  });

  test('never starts what is not desired to run, never removes what runs', () => {
    const observed = fc.record({ prepared: fc.boolean(), running: fc.boolean(), actedGeneration: fc.nat(3) });
    const desired = fc.record({
      state: fc.constantFrom('ready', 'run', 'drain', 'stop', 'remove'),
      generation: fc.nat(3),
    });
    fc.assert(
      fc.property(observed, desired, (each, wanted) => {
        const step = nextStep(each, wanted, 0);
        if (step.do === 'start') expect(wanted.state === 'run' && !each.running && each.prepared).toBe(true);
        if (step.do === 'remove') expect(each.running).toBe(false);
      }),
    );
  });
});

describe('health', () => {
  const probe = probeOf(
    { test: ['CMD-SHELL', 'curl x'], retries: 2, startPeriodMs: 1000, intervalMs: 100 },
    undefined,
    ['/bin/sh', '-c'],
  );
  test('the forms of a test', () => {
    expect(probe?.argv).toEqual(['/bin/sh', '-c', 'curl x']);
    expect(probeOf({ test: ['NONE'] }, { test: ['CMD', 'x'] }, [])).toBeUndefined();
    expect(probeOf({ retries: 9 }, { test: ['CMD', 'x', 'y'] }, [])).toMatchObject({
      argv: ['x', 'y'],
      retries: 9,
      intervalMs: 30_000,
    });
  });
  test('failures in the start period do not count; a success ends it', () => {
    if (probe === undefined) throw new Error('no probe');
    expect(afterProbe(HEALTH_START, probe, false, 500)).toEqual(HEALTH_START);
    const healthy = afterProbe(HEALTH_START, probe, true, 500);
    const once = afterProbe(healthy, probe, false, 600);
    expect([healthy.health, once.health, afterProbe(once, probe, false, 700).health]).toEqual([
      'healthy',
      'healthy',
      'unhealthy',
    ]);
    expect(probeDelayMs(HEALTH_START, probe, 10)).toBe(100);
  });
});

test('volumes of the image become anonymous ones where the user mounts nothing', () => {
  const mounts = allMounts([{ type: 'bind', source: '/x', target: '/data/' }], {
    Volumes: { '/data': {}, '/cache': {} },
  });
  expect(mounts.map((mount) => `${mount.type} ${mount.target}`)).toEqual(['bind /data/', 'volume /cache']);
});

test('parents are mounted before children, secrets carry their content', () => {
  const files = new Map([['s', { id: 'i' as never, name: 's', data: Buffer.from('x').toString('base64') }]]);
  const resolved = resolveMounts(
    [
      { type: 'secret', source: 's', target: '/a/b/c' },
      { type: 'volume', source: 'v', target: '/a' },
    ],
    { volume: () => '/v', file: (_kind, name) => files.get(name) },
  );
  expect(resolved.map((mount) => `${mount.type} ${mount.target}`)).toEqual(['bind /a', 'file /a/b/c']);
  expect(resolved[0]).toMatchObject({ copyUp: true });
  expect(() =>
    resolveMounts([{ type: 'config', source: 'gone', target: '/x' }], {
      volume: () => '',
      file: (kind, name) => (kind === 'secret' ? files.get(name) : undefined),
    }),
  ).toThrow(/config gone/);
});

test('random names are valid', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(20), (seed, attempt) =>
      CONTAINER_NAME.test(randomName(() => seed, attempt)),
    ),
  );
});

const MOUNTINFO = `21 1 8:1 / / rw shared:1 - ext4 /dev/vda rw
22 21 0:30 / /data rw - tmpfs tmpfs rw
23 22 0:31 / /data/with\\040space rw master:1 propagate_from:2 - tmpfs tmpfs rw
24 21 0:32 / /over rw shared:2 - tmpfs tmpfs rw
25 24 0:33 / /over rw - tmpfs tmpfs rw
`;

test.each([
  ['/etc', 'rshared', undefined],
  ['/database', 'rslave', undefined],
  ['/data/x', 'rshared', /mount \/data is not shared/],
  ['/data', 'slave', /mount \/data is not shared/],
  ['/data/with space/x', 'rslave', undefined],
  ['/data/with space/x', 'shared', /with space is not shared/],
  ['/over', 'rslave', /mount \/over is not shared/],
] as const)('%s with %s: refused where nothing would travel', (source, propagation, expected) => {
  const problem = propagationProblem(source, propagation, MOUNTINFO);
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem?.message).toMatch(expected);
});
