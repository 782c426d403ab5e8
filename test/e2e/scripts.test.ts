/** What scripts that were written for docker read: inspect, events, filters, prune. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
const { orc, out } = lab;

describe('container inspect', SLOW, () => {
  test('shows what the image gives, and what is in force', () => {
    const context = join(lab.instance.folder, 'context');
    mkdirSync(context);
    const steps = ['USER 1000:1000', 'WORKDIR /w', 'STOPSIGNAL SIGINT', 'ENV FROM_IMAGE=1', 'EXPOSE 80'];
    const more = ['VOLUME /data', 'HEALTHCHECK --interval=1s --retries=9 CMD false', 'ENTRYPOINT ["sleep"]'];
    writeFileSync(join(context, 'Dockerfile'), ['FROM busybox', ...steps, ...more].join('\n'));
    out('image', 'build', '-q', '-t', 'full', context);
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

describe('events', SLOW, () => {
  const inProject = (...args: readonly string[]): void => {
    const { code, stderr } = lab.instance.orc(args, { cwd: lab.instance.folder });
    expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
  };

  test('tell a kill from a stop, and leave out the labels of compose', () => {
    writeFileSync(
      join(lab.instance.folder, 'compose.yaml'),
      'name: told\nservices:\n  a: { image: busybox, init: true, command: sleep 1000, labels: { own: "1" } }\n',
    );
    inProject('up', '-d');
    inProject('kill');
    inProject('start');
    inProject('stop');
    const read = (): CommandResult =>
      lab.instance.orc(['events', '--format', 'json', '--since', '5m', '--until', '0s'], {
        cwd: lab.instance.folder,
      });
    const events = read()
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      events.map(({ action, attributes }) => [action, attributes.signal ?? ''].join(' ').trim()),
    ).toEqual(['create', 'start', 'kill SIGKILL', 'die SIGKILL', 'start', 'kill SIGTERM', 'die', 'stop']);
    expect(Object.keys(events[0].attributes).filter((key) => key.startsWith('com.docker.'))).toEqual([]);
    expect(events[0].attributes.own).toBe('1');
    inProject('down');
  });
});

describe('wait and kill of a project', SLOW, () => {
  test('say what became of which container', () => {
    const file = join(lab.instance.folder, 'ends.yaml');
    const said = 'container "ends-a-1" exited with status code 3\n';
    const trap = `[sh, -c, 'trap "exit 3" HUP; while :; do sleep 0.1; done']`;
    writeFileSync(file, `name: ends\nservices:\n  a: { image: busybox, command: ${trap} }\n`);
    const ends = (...args: readonly string[]): CommandResult =>
      orc('-f', file, '--progress', 'plain', ...args);
    const fine = { code: 0, stdout: expect.any(String), stderr: expect.any(String) };
    expect(ends('up', '-d')).toEqual(fine);
    // A shell that has not begun yet takes no signal.
    expect(ends('exec', '-T', 'a', 'sh', '-c', 'until pidof sleep; do :; done')).toEqual(fine);
    expect(ends('kill', '-s', 'HUP')).toMatchObject({ code: 0, stderr: ' Container ends-a-1  Signaled\n' });
    expect(ends('wait', 'a')).toMatchObject({ code: 3, stdout: said });
    ends('down');
  });
});

describe('images', SLOW, () => {
  const ids = (...args: readonly string[]): readonly string[] =>
    out('image', 'ls', '-q', ...args)
      .split('\n')
      .filter((line) => line !== '');

  test('a busybox that has not changed is the same image, however often it is made', () => {
    const before = out('image', 'inspect', '-f', '{{.Id}}', 'busybox');
    out('image', 'tag', 'busybox', 'kept');
    lab.instance.orc(['image', 'bootstrap', 'busybox']);
    expect(out('image', 'inspect', '-f', '{{.Id}}', 'busybox')).toBe(before);
    expect(ids('-f', 'dangling=true')).toEqual([]);
    out('image', 'rm', 'kept');
  });

  test('prune removes those without a name, with -a all that no container has', () => {
    const context = join(lab.instance.folder, 'pruned');
    mkdirSync(context);
    const build = (content: string, tag: string): void => {
      writeFileSync(join(context, 'Dockerfile'), `FROM busybox\nLABEL made=${content}\n`);
      out('image', 'build', '-q', '-t', tag, context);
    };
    build('one', 'pruned');
    build('two', 'pruned');
    build('three', 'other');
    out('container', 'create', '--name', 'holds', 'other');
    expect(ids('-f', 'dangling=true')).toHaveLength(1);
    expect(orc('image', 'prune').code).toBe(2);
    expect(out('image', 'prune', '-f', '--filter', 'until=2001-01-01T00:00:00Z')).toBe('Removed images: 0');
    expect(out('image', 'prune', '-f', '--filter', 'label=made=nothing')).toBe('Removed images: 0');
    expect(out('image', 'prune', '-f', '--filter', 'label=made=one')).toMatch(
      /^deleted: .*\nRemoved images: 1$/,
    );
    expect(out('image', 'prune', '-f')).toBe('Removed images: 0');
    expect(out('image', 'prune', '-af')).toMatch(/untagged: pruned:latest\n/);
    expect(out('image', 'ls', '--format', '{{.Repository}}')).toBe('other');
    out('container', 'rm', 'holds');
  });

  test('a name that is none is refused before anything is built', () => {
    const context = join(lab.instance.folder, 'refused');
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY nothing /\n');
    const { code, stderr } = orc('image', 'build', '-t', 'UP', context);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('upper-case') });
    expect(stderr).not.toContain('nothing');
  });
});
