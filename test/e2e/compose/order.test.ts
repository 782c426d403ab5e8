/** Who starts when: dependencies, health, restarts, and what is said when something fails. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const IDLE = `
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
`;

const COMPOSE = `
name: order
${IDLE}
services:
  last:
    <<: *idle
    depends_on:
      healthy: {condition: service_healthy}
      done: {condition: service_completed_successfully}
      plain: {condition: service_started}
      absent: {condition: service_started, required: false}
  plain: *idle
  healthy:
    image: busybox
    command: sh -c 'sleep 0.4; touch /ready; exec sleep 1000'
    stop_grace_period: 0s
    healthcheck:
      test: [CMD, test, -f, /ready]
      interval: 30s
      timeout: 2s
      retries: 2
      start_period: 20s
      start_interval: 100ms
  done:
    image: busybox
    command: sh -c 'sleep 0.3; exit 0'
  shell-check:
    <<: *idle
    healthcheck: {test: "test $$HOSTNAME = checked && exit 0", interval: 100ms}
    hostname: checked
  slow-check:
    <<: *idle
    healthcheck: {test: sleep 60, interval: 100ms, timeout: 200ms, retries: 1}
  unchecked:
    <<: *idle
    healthcheck: {disable: true}
  absent:
    <<: *idle
    profiles: [never]
  never:
    image: busybox
    command: sh -c 'exit 3'
    restart: "no"
  always:
    image: busybox
    command: sh -c 'echo run; sleep 0.1; exit 0'
    restart: always
  twice:
    image: busybox
    command: sh -c 'echo run; exit 3'
    restart: on-failure:2
  content:
    image: busybox
    command: sh -c 'echo run; exit 0'
    restart: on-failure
  policy:
    image: busybox
    command: sh -c 'echo run; exit 3'
    deploy:
      restart_policy: {condition: on-failure, delay: 200ms, max_attempts: 3, window: 10s}
  stays:
    image: busybox
    command: sh -c 'echo run; exit 3'
    deploy:
      restart_policy: {condition: none}
`;

let lab: ComposeLab;
let project: LabProject;
const runs = async (service: string): Promise<number> =>
  (await project.logs(service)).split('run\n').length - 1;
const poll = <T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: 15_000, interval: 30 });
const startOf = async (service: string): Promise<number> => (await project.container(service)).startedAt ?? 0;

beforeAll(async () => {
  lab = await startComposeLab();
  project = lab.project('order', COMPOSE);
  project.ok(['up', '-d']);
});
afterAll(() => lab?.close());

describe('depends_on', () => {
  test('each condition is waited for', async () => {
    const last = await startOf('last');
    const done = await project.container('done');
    expect(done.exit?.code).toBe(0);
    expect(last).toBeGreaterThanOrEqual(done.exit?.at ?? Number.POSITIVE_INFINITY);
    expect(last - (await startOf('healthy'))).toBeGreaterThanOrEqual(400);
    expect(last).toBeGreaterThanOrEqual(await startOf('plain'));
    expect((await project.container('healthy')).health).toBe('healthy');
  });

  test('a dependency that its profile leaves out and that is not required is passed over', async () => {
    expect(Object.keys(await project.ids())).not.toContain('order-absent-1');
  });

  test('a job that fails when it is done anew fails up, though who needs it runs', async () => {
    const text = (code: number): string =>
      `${IDLE}services:\n  web:\n    <<: *idle\n    depends_on: {job: {condition: service_completed_successfully}}\n` +
      `  job:\n    image: busybox\n    command: sh -c "sleep 0.2; exit ${code}"\n`;
    const well = lab.project('jobs', text(0));
    try {
      expect(well.orc(['up', '-d']).code).toBe(0);
      const { id } = await well.container('web');
      const { code, stderr } = lab.project('jobs', text(3)).orc(['up', '-d']);
      expect(stderr).toMatch(/jobs-job-1 .*3/);
      expect(code).toBe(1);
      expect(await well.container('web')).toMatchObject({ id, status: 'running' });
    } finally {
      well.orc(['down', '-t', '0']);
    }
  });

  const broken = (dependency: string, condition: string): LabProject =>
    lab.project(
      'broken',
      `${IDLE}services:\n  web:\n    <<: *idle\n    depends_on: {db: {condition: ${condition}}}\n  db:\n${dependency}`,
    );

  test.each([
    [
      'that ends badly',
      'service_completed_successfully',
      '    image: busybox\n    command: sh -c "exit 7"\n',
      /broken-db-1 .*7/,
    ],
    [
      'that is unhealthy',
      'service_healthy',
      '    <<: *idle\n    healthcheck: {test: exit 1, interval: 100ms, retries: 2}\n',
      /broken-db-1 is unhealthy/,
    ],
    [
      'that ends before it is healthy',
      'service_healthy',
      '    image: busybox\n    command: sh -c "exit 7"\n    healthcheck: {test: "true"}\n',
      /broken-db-1 exited/,
    ],
    [
      'that cannot start',
      'service_started',
      '    image: busybox\n    command: /no/such/program\n',
      /broken-db-1 could not start/,
    ],
    ['without a health check', 'service_healthy', '    <<: *idle\n', /db.* has no health ?check/],
  ])('a dependency %s: up ends with 1 and names it', async (_, condition, dependency, said) => {
    const wrong = broken(dependency, condition);
    try {
      const { code, stderr } = wrong.orc(['up', '-d']);
      expect(stderr).toMatch(said);
      expect(code).toBe(1);
      expect((await wrong.container('web')).attempt).toBe(0);
    } finally {
      wrong.ok(['down', '-t', '0']);
    }
  });

  test('restart: true: the dependent is restarted with it, another is not', async () => {
    const tied = lab.project(
      'tied',
      `${IDLE}services:\n  db: *idle\n  web: {<<: *idle, depends_on: {db: {condition: service_started, restart: true}}}\n` +
        '  other: {<<: *idle, depends_on: [db]}\n',
    );
    tied.ok(['up', '-d']);
    const before = [await tied.container('web'), await tied.container('other')].map((each) => each.pid);
    tied.ok(['restart', 'db']);
    await poll(async () => (await tied.container('web')).pid).not.toBe(before[0]);
    expect((await tied.container('other')).pid).toBe(before[1]);
    tied.ok(['down']);
  });

  test('stop stops dependents first', async () => {
    const script = (name: string): string =>
      `trap "sleep 0.2; cut -d' ' -f1 /proc/uptime > /log/${name}; exit" TERM; touch /log/up-${name}; while :; do sleep 0.02; done`;
    const service = (name: string): string =>
      `  ${name}:\n    image: busybox\n    volumes: ["./log:/log"]\n` +
      `    command: [sh, -c, '${script(name).replaceAll("'", "''")}']\n    stop_signal: SIGTERM\n`;
    const chain = lab.project('chain', `services:\n${service('db')}${service('web')}    depends_on: [db]\n`);
    const file = (name: string): string => join(chain.folder, 'log', name);
    chain.ok(['up', '-d']);
    await poll(async () => existsSync(file('up-db')) && existsSync(file('up-web'))).toBe(true);
    chain.ok(['stop']);
    const at = (name: string): number => Number(readFileSync(file(name), 'utf8').trim());
    expect(at('db') > at('web')).toBe(true);
    chain.ok(['down']);
  });
});

describe('healthcheck', () => {
  test('a line runs in a shell of the container', () =>
    poll(async () => (await project.container('shell-check')).health).toBe('healthy'));

  test('a check that takes longer than its timeout fails', () =>
    poll(async () => (await project.container('slow-check')).health).toBe('unhealthy'));

  test('disable', async () => {
    expect((await project.container('unchecked')).health).toBe('none');
  });

  test('up --wait waits for health, and fails with a container that gets unhealthy', () => {
    project.ok(['up', '--wait', 'shell-check', 'healthy']);
    const { code, stderr } = project.orc(['up', '--wait', 'slow-check']);
    expect(stderr).toContain('order-slow-check-1 is unhealthy');
    expect(code).toBe(1);
  });
});

describe('restart', () => {
  test('always begins again, on-failure only so often', async () => {
    await poll(() => runs('always')).toBeGreaterThan(2);
    await poll(() => runs('twice')).toBe(3);
    await poll(async () => (await project.container('twice')).status).toBe('exited');
    expect((await project.container('twice')).exit?.code).toBe(3);
    expect(await runs('content')).toBe(1);
    expect((await project.container('never')).attempt).toBe(1);
  });

  test('deploy.restart_policy: condition, delay and max_attempts', async () => {
    await poll(() => runs('policy')).toBe(4);
    await poll(async () => (await project.container('policy')).status).toBe('exited');
    expect((await project.container('policy')).restarts).toBe(3);
    expect(await runs('stays')).toBe(1);
  });
});
