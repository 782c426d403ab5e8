/** What scripts that were written for docker read: inspect, events, filters, prune. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrapBusybox } from '../lab/engine.ts';
import { type CommandResult, type Instance, startInstance } from '../lab/instance.ts';

const SLOW = { timeout: 120_000 };
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(async () => {
  await instance.purge();
});

const orc = (...args: readonly string[]): CommandResult => instance.orc(args);

function out(...args: readonly string[]): string {
  const { code, stdout, stderr } = orc(...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout.trim();
}

describe('container inspect', SLOW, () => {
  test('shows what the image gives, and what is in force', () => {
    const file = join(instance.folder, 'Dockerfile');
    const steps = ['USER 1000:1000', 'WORKDIR /w', 'STOPSIGNAL SIGINT', 'ENV FROM_IMAGE=1', 'EXPOSE 80'];
    const more = ['VOLUME /data', 'HEALTHCHECK --interval=1s --retries=9 CMD false', 'ENTRYPOINT ["sleep"]'];
    writeFileSync(file, ['FROM busybox', ...steps, ...more].join('\n'));
    out('image', 'build', '-q', '-t', 'full', '-f', file, instance.folder);
    out('container', 'run', '-d', '--name', 'full', '--security-opt', 'no-new-privileges', 'full', '1000');
    const [found] = JSON.parse(out('container', 'inspect', 'full'));
    expect(found.Config).toMatchObject({
      User: '1000:1000',
      WorkingDir: '/w',
      StopSignal: 'SIGINT',
      Entrypoint: ['sleep'],
      Cmd: ['1000'],
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['CMD-SHELL', 'false'], Interval: 1e9, Retries: 9 },
    });
    expect(found.Config.Env).toContain('FROM_IMAGE=1');
    expect(found.HostConfig.SecurityOpt).toEqual(['no-new-privileges=true']);
    expect(found.Mounts).toMatchObject([{ Type: 'volume', Destination: '/data', Driver: 'local', RW: true }]);
    expect(existsSync(found.LogPath)).toBe(true);
    expect(out('container', 'inspect', '-f', '{{.GraphDriver.Name}}', 'full')).toBe('overlay2');
    out('container', 'rm', '-fv', 'full');
  });

  test('counts the probes that failed, and has no health where nothing is checked', async () => {
    const check = ['--health-cmd', 'false', '--health-interval', '100ms', '--health-retries', '50'];
    out('container', 'run', '-d', '--name', 'ill', ...check, 'busybox', 'sleep', '1000');
    const streak = '{{.State.Health.FailingStreak}}';
    await expect.poll(() => Number(out('container', 'inspect', '-f', streak, 'ill'))).toBeGreaterThan(1);
    out('container', 'rm', '-f', 'ill');
    out('container', 'create', '--name', 'well', 'busybox');
    expect(out('container', 'inspect', '-f', '{{json .State.Health}}', 'well')).toBe('null');
    out('container', 'rm', 'well');
  });
});
