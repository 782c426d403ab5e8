/** Where images come from: `build`, pull_policy, and what becomes of containers when either changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const IDLE = 'init: true\n    command: sleep 1000';
const COMPOSE = `
name: built
services:
  plain:
    build: ./plain
    ${IDLE}
  long:
    build:
      context: .
      dockerfile: other/Dockerfile.long
      target: wanted
      args:
        GIVEN: from the file
        FROM_SHELL:
      labels: {com.example.built: "yes"}
      tags: ["built-extra:1"]
      shm_size: 1m
      extra_hosts: ["far=10.1.2.3"]
      network: none
    image: built-own-name
    ${IDLE}
  inline:
    build:
      context: plain
      dockerfile_inline: |
        FROM busybox
        COPY file /inline
        RUN echo $$((40+2)) > /computed
    ${IDLE}
  pulled:
    image: busybox
    ${IDLE}
`;
const LONG = `
FROM busybox AS wanted
ARG GIVEN=default
ARG FROM_SHELL
RUN echo "$GIVEN|$FROM_SHELL" > /args
RUN grep far /etc/hosts > /hosts; df -k /dev/shm | tail -1 | awk '{print $2}' > /shm; ls /sys/class/net > /net
FROM wanted
RUN touch /too-far
`;

let lab: ComposeLab;
let project: LabProject;
const env = { FROM_SHELL: 'shell' };
const sh = (service: string, script: string): Promise<string> => project.sh(service, script);

beforeAll(async () => {
  lab = await startComposeLab();
  project = lab.project('built', COMPOSE, {
    'plain/Dockerfile': 'FROM busybox\nCOPY . /app\n',
    'plain/file': 'one\n',
    'plain/.dockerignore': 'ignored\n',
    'plain/ignored': 'not sent\n',
    'other/Dockerfile.long': LONG,
  });
  project.ok(['up', '-d'], { env });
});
afterAll(() => lab?.close());

describe('build', () => {
  test('a context alone, with its .dockerignore; named after project and service', async () => {
    expect(await sh('plain', 'cd /app && echo *')).toBe('Dockerfile file');
    expect((await project.container('plain')).spec.image).toBe('built-plain');
  });

  test('dockerfile, target, args, labels, tags, image', async () => {
    expect(await sh('long', 'cat /args')).toBe('from the file|shell');
    expect(await sh('long', 'ls /too-far 2>&1 || true')).toContain('No such file');
    const shown = project.ok(['image', 'inspect', 'built-own-name']);
    expect(shown).toContain('"com.example.built": "yes"');
    expect(project.ok(['image', 'inspect', 'built-extra:1', '--format', '{{.Id}}'])).toBe(
      project.ok(['image', 'inspect', 'built-own-name', '--format', '{{.Id}}']),
    );
  });

  test('network, extra_hosts and shm_size of its steps', async () => {
    expect(await sh('long', 'cat /hosts')).toMatch(/^10\.1\.2\.3\s+far$/);
    expect(await sh('long', 'cat /shm; cat /net')).toBe('1024\nlo');
  });

  test('dockerfile_inline', async () => {
    expect(await sh('inline', 'cat /inline /computed')).toBe('one\n42');
  });

  test('up again changes nothing; what belongs to a changed context is recreated', async () => {
    const before = await project.ids();
    project.ok(['up', '-d'], { env });
    project.ok(['up', '-d', '--build'], { env });
    expect(await project.ids()).toEqual(before);
    project.write('plain/file', 'two\n');
    project.ok(['up', '-d'], { env });
    const changed = Object.entries(await project.ids()).filter(([name, id]) => before[name] !== id);
    expect(changed.map(([name]) => name).sort()).toEqual(['built-inline-1', 'built-plain-1']);
    expect(await sh('plain', 'cat /app/file')).toBe('two');
  });

  test('orc build takes --build-arg and --no-cache; up is as the file says again', async () => {
    const built = (): string => project.ok(['container', 'run', '--rm', 'built-own-name', 'cat', '/args']);
    project.ok(['build', '--build-arg', 'GIVEN=from the command', 'long'], { env });
    expect(built()).toBe('from the command|shell\n');
    const { code, stderr } = project.orc(['--progress', 'plain', 'build', '--no-cache', 'long'], { env });
    expect({ code, cached: /RUN.*CACHED/.test(stderr) }).toEqual({ code: 0, cached: false });
    expect(built()).toBe('from the file|shell\n');
  });

  test('a RUN that fails ends up with 1 and says which line', () => {
    const wrong = lab.project('wrong', 'services: {a: {build: .}}\n', {
      Dockerfile: 'FROM busybox\nRUN echo about to fail; exit 9\n',
    });
    const { code, stderr } = wrong.orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/about to fail/);
    expect(stderr).toMatch(/^Dockerfile:2:1: service a: RUN/m);
  });

  test('of several services that cannot be built it is said which, and where it is written', () => {
    const text =
      "services:\n  far: {build: ./sub}\n  near: {build: {context: ., dockerfile_inline: 'RUNN x'}}\n";
    const wrong = lab.project('places', text, { 'sub/Dockerfile': 'FROM busybox\nRUNN x\nCOPI y\n' });
    const far = wrong.orc(['build', 'far']).stderr;
    expect(far).toMatch(/^sub\/Dockerfile:2:1: service far: RUNN is no instruction/m);
    expect(far).toMatch(/^sub\/Dockerfile:3:1: service far: COPI is no instruction/m);
    const near = wrong.orc(['build', 'near']).stderr;
    expect(near).toMatch(/^dockerfile_inline of service near:1:1: RUNN is no instruction/m);
  });

  test('Ctrl-C ends a build as canceled', async () => {
    const long = lab.project('canceled', 'services: {a: {build: .}}\n', {
      Dockerfile: 'FROM busybox\nRUN echo begun; sleep 60\n',
    });
    const child = lab.instance.spawnOrc(['--progress', 'plain', 'build'], { cwd: long.folder });
    let said = '';
    child.stderr?.on('data', (data) => {
      said += String(data);
      if (String(data).includes('| begun')) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(130);
    expect(said).toMatch(/ Image canceled-a {2}Canceled\nerror: the build was canceled\n$/);
    expect(said).not.toContain('Built');
  });
});

describe('pull_policy', () => {
  const with_ = (image: string, policy: string): LabProject =>
    lab.project('policy', `services:\n  a:\n    image: ${image}\n    pull_policy: ${policy}\n    ${IDLE}\n`);

  test('never: an image that is not here is an error, without asking a registry', () => {
    const { code, stderr } = with_('not-here:1', 'never').orc(['up', '-d']);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('not-here:1') });
    expect(stderr).not.toMatch(/Pulling/);
  });

  test.each(['missing', 'if_not_present'])('%s: the image that is here is taken', (policy) => {
    const local = with_('busybox', policy);
    local.ok(['up', '-d']);
    local.ok(['down', '-t', '0']);
  });

  test('build: built at each up', () => {
    const local = lab.project(
      'policy',
      `services:\n  a:\n    build: {context: ., dockerfile_inline: "FROM busybox"}\n    pull_policy: build\n    ${IDLE}\n`,
    );
    expect(local.orc(['up', '-d']).stderr).toContain('Image policy-a  Built');
    expect(local.orc(['up', '-d']).stderr).toContain('Image policy-a  Up to date');
    local.ok(['down', '-t', '0']);
  });

  test('always: a registry is asked, and not reaching it is said', () => {
    const { code, stderr } = with_('127.0.0.1:1/absent', 'always').orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toContain('127.0.0.1:1');
  });

  test('a platform that is not this host’s is refused', () => {
    const other = lab.project('other', `services:\n  a: {image: busybox, platform: linux/s390x}\n`);
    const { code, stderr } = other.orc(['up', '-d', '--pull', 'never']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/s390x/);
  });
});
