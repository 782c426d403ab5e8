/** A registry that wants a login, by Debian's docker-registry: docker's `config.json` counts for all that pulls. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ANN,
  type RunningRegistry,
  skopeo,
  startRegistry,
} from '../../packages/image/test/kernel/support/registry.ts';
import { bootstrapBusybox } from '../lab/engine.ts';
import { type CommandResult, type Instance, startInstance } from '../lab/instance.ts';

const SLOW = { timeout: 120_000 };

describe('a private registry', SLOW, () => {
  let instance: Instance;
  let registry: RunningRegistry;
  let image: string;
  let docker: string;

  beforeAll(async () => {
    instance = await startInstance();
    registry = await startRegistry(join(instance.folder, 'registry'), [], true);
    image = `${registry.address}/team/base:1`;
    await bootstrapBusybox(instance);
    const archive = join(instance.folder, 'busybox.tar');
    expect(instance.orc(['image', 'save', '-o', archive, 'busybox']).code).toBe(0);
    const login = ['--dest-tls-verify=false', '--dest-creds', `${ANN.username}:${ANN.password}`];
    skopeo('copy', ...login, `docker-archive:${archive}`, `docker://${image}`);
    docker = join(instance.folder, 'docker');
    mkdirSync(docker);
    const auth = Buffer.from(`${ANN.username}:${ANN.password}`).toString('base64');
    writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth } } }));
    const app = join(instance.folder, 'app');
    mkdirSync(app);
    const compose = 'name: login\nservices:\n  web:\n    build: .\n';
    writeFileSync(join(app, 'compose.yaml'), compose);
    writeFileSync(join(app, 'Dockerfile'), `FROM ${image}\nRUN echo built\n`);
    writeFileSync(join(app, 'stages'), `FROM busybox\nCOPY --from=${image} /bin/sh /copied\n`);
  });
  afterAll(async () => {
    await registry?.stop();
    await instance?.purge();
  });
  beforeEach(() => void instance.orc(['image', 'rm', '-f', image]));

  const orc = (args: readonly string[], login = true): CommandResult =>
    instance.orc(args, {
      cwd: join(instance.folder, 'app'),
      env: { DOCKER_CONFIG: login ? docker : join(instance.folder, 'nowhere') },
    });

  test.each([
    ['image pull', () => ['image', 'pull', image]],
    ['image build', () => ['image', 'build', '.']],
    ['image build --pull', () => ['image', 'build', '--pull', '.']],
    ['COPY --from', () => ['image', 'build', '--no-cache', '-f', 'stages', '.']],
    ['a build of compose', () => ['build']],
  ])('%s takes the login, and is refused without', (_name, args) => {
    const refused = orc(args(), false);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/login|credentials/)]);
    const { code, stderr } = orc(args());
    expect(code, stderr).toBe(0);
  });
});
