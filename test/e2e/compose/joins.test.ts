/** Services in the namespaces of another, on the real kernel: that one is restarted, ends, or is removed and made again. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until } from '../../lab/instance.ts';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

let lab: ComposeLab;
beforeAll(async () => {
  lab = await startComposeLab();
});
afterAll(() => lab?.close());

const FILE = `
x-idle: &idle {image: busybox, init: true, command: sleep 1000, stop_grace_period: 200ms}
services:
  base: {<<: *idle}
  side: {<<: *idle, network_mode: "service:base"}
  pidg: {<<: *idle, pid: "service:base", ipc: "service:base"}
`;

function open(name: string, file = FILE): LabProject {
  const project = lab.project(name, file);
  onTestFinished(() => void project.orc(['down', '-t', '0']));
  project.ok(['up', '-d']);
  return project;
}

const namespace = (project: LabProject, service: string, kind: string): Promise<string> =>
  project.sh(service, `readlink /proc/self/ns/${kind}`);
async function areTogether(project: LabProject): Promise<void> {
  for (const [guest, kind] of [
    ['side', 'net'],
    ['pidg', 'ipc'],
    ['pidg', 'pid'],
  ] as const)
    expect(await namespace(project, guest, kind), kind).toBe(await namespace(project, 'base', kind));
}

test.each([[['base']], [[]]])('restart %j', async (named) => {
  const project = open('restarted');
  const before = await project.ids();
  for (let count = 0; count < 2; count += 1) {
    project.ok(['restart', ...named]);
    await areTogether(project);
  }
  expect(await project.ids()).toEqual(before);
});

test.each([
  ['rm', ['rm', '-fs', 'base']],
  ['container rm', ['container', 'rm', '-f', 'removed-base-1']],
])('%s of the holder, and up: who joined it is replaced', async (_, remove) => {
  const project = open('removed');
  const before = await project.ids();
  project.ok(remove);
  project.ok(['up', '-d']);
  await areTogether(project);
  expect(await project.sh('side', 'ip -o -4 addr show eth0')).toContain('inet ');
  const after = await project.ids();
  for (const name of Object.keys(before)) expect(after[name], name).not.toBe(before[name]);
  project.ok(['up', '-d']);
  expect(await project.ids()).toEqual(after);
});

test('restart: always on both, and the holder ends by itself', async () => {
  const always = FILE.replace('{image', '{restart: always, image');
  const project = open('always', always);
  const before = await project.container('pidg');
  const { pid } = await project.container('base');
  expect(pid).toBeGreaterThan(1);
  process.kill(pid as number, 'SIGKILL');
  await until(async () => {
    const [base, guest] = await Promise.all([project.container('base'), project.container('pidg')]);
    return base.status === 'running' && guest.status === 'running' && guest.pid !== before.pid;
  }, 'both run again');
  await areTogether(project);
});
