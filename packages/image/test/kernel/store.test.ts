import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Digest } from '@orc/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ImageStore } from '../../src/index.ts';
import { buildInternals } from '../../src/store/builder.ts';
import { startStore } from '../../src/store/startup.ts';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import { bytes, collect, type Fixture, newFixture, problemOf, storeOptions } from './support/store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});
afterEach(() => fixture.cleanUp());

const file = (path: string, data: string | Buffer): Buffer => {
  const body = Buffer.from(data);
  return Buffer.concat([
    encodeHeader(entryOf({ path, type: 'file', size: body.length })),
    body,
    padding(body.length),
  ]);
};
const rootfs = (text: string): Buffer => Buffer.concat([file('etc/motd', text), trailer()]);
const at = (path: string): string => join(fixture.folder, 'root', path);
const blobs = (): readonly string[] => readdirSync(at('images/blobs/sha256')).sort();
const layers = (): readonly string[] =>
  readdirSync(at('layers')).filter((name) => /^[0-9a-f]{64}$/.test(name));
const hex = (digest: string | undefined): string => (digest ?? '').replace('sha256:', '');

describe('images', () => {
  test('busybox is there in a moment, runs, and is found by every name', async () => {
    const store = await fixture.open();
    const image = await store.bootstrap('busybox', {});
    const folder = image.layers[0] as string;
    expect(
      execFileSync('chroot', [folder, '/bin/sh', '-c', 'echo $((6*7)); cat /etc/passwd | head -1'], {
        encoding: 'utf8',
      }),
    ).toBe('42\nroot:x:0:0:root:/root:/bin/sh\n');
    expect(statSync(folder).mode & 0o7777).toBe(0o755);
    expect(statSync(at('layers')).mode & 0o7777).toBe(0o700);
    for (const name of [
      'busybox',
      'busybox:latest',
      'docker.io/library/busybox',
      image.id,
      hex(image.id).slice(0, 12),
    ]) {
      expect((await store.resolve(name))?.id, name).toBe(image.id);
    }
    expect(await store.resolve('busybox:2')).toBeUndefined();
    expect((await store.inspect('busybox'))?.RootFS.Layers).toHaveLength(1);
    expect(await store.history('busybox')).toMatchObject([
      { createdBy: 'orc image bootstrap busybox:latest', comment: 'busybox of the host' },
    ]);
  });

  test('import makes an image with the changes of a Dockerfile', async () => {
    const store = await fixture.open();
    const changes = ['CMD ["sh", "-c", "id"]', 'ENV A=1 B="two words"', 'EXPOSE 80', 'USER 7'];
    const id = await store.import(bytes(gzipSync(rootfs('hi'))), {
      reference: 'app:1',
      changes,
      message: 'from a tar',
    });
    expect((await store.inspect(id))?.Config).toEqual({
      Cmd: ['sh', '-c', 'id'],
      Env: ['A=1', 'B=two words'],
      ExposedPorts: { '80/tcp': {} },
      User: '7',
    });
    const [layer] = (await store.resolve('app:1'))?.layers ?? [];
    expect(readFileSync(join(layer as string, 'etc/motd'), 'utf8')).toBe('hi');
    expect((await problemOf(store.import(bytes(rootfs('x')), { changes: ['RUN id'] }))).code).toBe(
      'input.invalid',
    );
    expect((await problemOf(store.import(bytes(rootfs('x')), { reference: 'UPPER' }))).code).toBe(
      'input.invalid',
    );
  });

  test('a tag moves; the image that lost it stays until it is removed', async () => {
    const store = await fixture.open();
    const one = await store.import(bytes(rootfs('1')), { reference: 'app' });
    const two = await store.import(bytes(rootfs('2')), { reference: 'app' });
    expect((await store.resolve('app'))?.id).toBe(two);
    expect((await store.list()).find((row) => row.id === one)?.tags).toEqual([]);
    await store.tag(one, 'localhost:5000/old/app:1');
    expect((await store.resolve('localhost:5000/old/app:1'))?.id).toBe(one);
    expect((await problemOf(store.tag('none', 'x'))).code).toBe('notfound.image');
  });

  test('remove takes names, then the image with all that only it had', async () => {
    const store = await fixture.open();
    const kept = await store.import(bytes(rootfs('kept')), { reference: 'kept' });
    const id = await store.import(bytes(rootfs('gone')), { reference: 'app:1' });
    await store.tag('app:1', 'app:2');
    expect((await problemOf(store.remove(id, {}))).code).toBe('conflict.inuse');
    expect(await store.remove('app:1', {})).toEqual([{ untagged: 'app:1' }]);
    expect(layers()).toHaveLength(2);
    expect(await store.remove('app:2', {})).toEqual([{ untagged: 'app:2' }, { deleted: id }]);
    expect(layers()).toEqual((await store.resolve(kept))?.layers.map((path) => path.split('/').at(-1)));
    expect(blobs()).toHaveLength(3);
    expect(readdirSync(at('trash/image'))).toEqual([]);
  });

  test('a lease keeps an image, through a restart too, until its holder is gone', async () => {
    let store = await fixture.open();
    const id = await store.import(bytes(rootfs('1')), { reference: 'app' });
    await store.lease('container-1', id);
    expect((await problemOf(store.remove('app', {}))).message).toContain('container-1');
    expect(await store.remove('app', { force: true })).toEqual([{ untagged: 'app:latest' }]);
    await store.close();
    store = await fixture.open();
    await store.collect(new Set(['container-1']));
    expect((await store.resolve(id))?.id).toBe(id);
    expect((await store.collect(new Set())).deleted.length).toBeGreaterThan(0);
    expect(await store.list()).toEqual([]);
    expect([...blobs(), ...layers()]).toEqual([]);
  });
});

describe('archives', () => {
  test.each([
    ['plain', (data: Buffer) => data],
    ['gzip', (data: Buffer) => gzipSync(data)],
    ['zstd', (data: Buffer) => zstdCompressSync(data)],
  ])('what is saved is loaded elsewhere: %s', async (_name, pack) => {
    const store = await fixture.open();
    const id = await store.import(bytes(rootfs('1')), { reference: 'app:1' });
    await store.tag(id, 'registry.example/team/app:2');
    const archive = pack(await collect(store.save(['app:1', 'registry.example/team/app:2'])));
    const other = await fixture.open('other');
    expect(await other.load(bytes(archive))).toEqual(['app:1', 'registry.example/team/app:2']);
    expect(await other.list()).toEqual(await store.list());
    expect((await other.resolve('app:1'))?.id).toBe(id);
  });

  test('skopeo reads the store and the archive, and what skopeo writes is loaded', async () => {
    const store = await fixture.open();
    const image = await store.bootstrap('busybox', {});
    const run = (...argv: readonly string[]): string =>
      execFileSync('skopeo', ['--insecure-policy', ...argv], { encoding: 'utf8' });
    const layout = `oci:${at('images')}:busybox:latest`;
    expect(JSON.parse(run('inspect', '--config', layout))).toMatchObject({
      rootfs: { diff_ids: [expect.stringContaining('sha256:')] },
    });
    const saved = join(fixture.folder, 'saved.tar');
    writeFileSync(saved, await collect(store.save(['busybox'])));
    run(
      'copy',
      '-q',
      `docker-archive:${saved}:busybox:latest`,
      `docker-archive:${fixture.folder}/docker.tar:copy/docker:1`,
    );
    run(
      'copy',
      '-q',
      `oci-archive:${saved}:busybox:latest`,
      `oci-archive:${fixture.folder}/oci.tar:copy/oci:1`,
    );
    const other = await fixture.open('other');
    for (const kind of ['docker', 'oci']) {
      expect(await other.load(createReadStream(join(fixture.folder, `${kind}.tar`)))).toEqual([
        `copy/${kind}:1`,
      ]);
      const [layer] = (await other.resolve(`copy/${kind}:1`))?.layers ?? [];
      execFileSync('diff', ['-r', '--no-dereference', layer as string, image.layers[0] as string]);
    }
  });

  test('an archive of the first kind, a folder per layer with links between them, is loaded', async () => {
    const store = await fixture.open();
    const id = await store.import(bytes(rootfs('1')), { reference: 'app:1' });
    const config = readFileSync(at(`images/blobs/sha256/${hex(id)}`));
    const manifest = JSON.stringify([
      { Config: `${hex(id)}.json`, RepoTags: ['old:1'], Layers: ['b/layer.tar'] },
    ]);
    const link = encodeHeader(entryOf({ path: 'b/layer.tar', type: 'symlink', linkname: '../a/layer.tar' }));
    const parts = [
      file('a/layer.tar', rootfs('1')),
      link,
      file(`${hex(id)}.json`, config),
      file('manifest.json', manifest),
      trailer(),
    ];
    const other = await fixture.open('other');
    expect(await other.load(bytes(...parts))).toEqual(['old:1']);
    expect((await other.resolve('old:1'))?.id).toBe(id);
  });

  const badArchives: readonly (readonly [string, readonly Buffer[]])[] = [
    ['nothing in it', [trailer()]],
    ['a blob that is not what its name says', [file(`blobs/sha256/${'0'.repeat(64)}`, 'x'), trailer()]],
    [
      'a manifest.json that names files that are not there',
      [file('manifest.json', '[{"Config":"c.json","Layers":["../../etc/passwd"]}]'), trailer()],
    ],
    ['a manifest.json that is no list', [file('manifest.json', '{}'), trailer()]],
    ['half of it', [file('manifest.json', '[]').subarray(0, 300)]],
    ['a name out of it', [file('../../x', 'x'), trailer()]],
  ];
  test.each(badArchives)('%s is refused, and nothing of it stays', async (_name, parts) => {
    const store = await fixture.open();
    expect((await problemOf(store.load(bytes(...parts)))).code).toBe('image.invalid');
    expect([
      ...blobs(),
      ...layers(),
      ...readdirSync(at('images/ingest')),
      ...readdirSync(at('layers/new')),
    ]).toEqual([]);
  });

  test('a layer that is not what the config says is refused, and the store is as before', async () => {
    const store = await fixture.open();
    const config = JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config: {},
      rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] },
    });
    const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }]);
    const load = store.load(
      bytes(file('c.json', config), file('l.tar', rootfs('1')), file('manifest.json', manifest), trailer()),
    );
    expect((await problemOf(load)).message).toContain('unpacks to');
    expect(await store.list()).toEqual([]);
    expect([...blobs(), ...layers(), ...readdirSync(at('layers/new'))]).toEqual([]);
  });
});

describe('crashes and damage', () => {
  const oneImage = async (): Promise<Digest> => {
    const store = await fixture.open();
    const id = await store.import(bytes(rootfs('1')), { reference: 'app' });
    await store.import(bytes(rootfs('2')), { reference: 'other' });
    await store.close();
    return id;
  };

  test('half-written blobs, layers and work folders are gone after the next start', async () => {
    await oneImage();
    writeFileSync(at('images/ingest/half'), 'x');
    mkdirSync(at('layers/new/half'));
    mkdirSync(at(`layers/${'0'.repeat(64)}`));
    writeFileSync(at(`layers/${'1'.repeat(64)}.json`), '{}');
    const store = await fixture.open();
    expect(layers()).toHaveLength(2);
    expect([...readdirSync(at('images/ingest')), ...readdirSync(at('layers/new'))]).toEqual([]);
    expect(await store.list()).toHaveLength(2);
  });

  const damages: readonly (readonly [string, (id: Digest) => void])[] = [
    ['config blob truncated', (id) => truncateSync(at(`images/blobs/sha256/${hex(id)}`), 5)],
    ['config blob missing', (id) => rmSync(at(`images/blobs/sha256/${hex(id)}`))],
  ];
  test.each(damages)(
    '%s: that image is put aside with a word, the others are there',
    async (_name, damage) => {
      damage(await oneImage());
      const store = await fixture.open();
      expect((await store.list()).map((row) => row.tags)).toEqual([['other:latest']]);
      expect(fixture.messages).toEqual([
        { level: 'warn', message: expect.stringContaining('app:latest is damaged') },
      ]);
      expect(readdirSync(at('images/quarantine'))).toHaveLength(1);
    },
  );

  test.each(['', '{"manif', 'null', '[]'])(
    'an index.json of %j does not keep the store from opening',
    async (text) => {
      await oneImage();
      writeFileSync(at('images/index.json'), text);
      const store = await fixture.open();
      expect(await store.list()).toEqual([]);
      await store.import(bytes(rootfs('1')), { reference: 'app' });
      expect(await store.list()).toHaveLength(1);
    },
  );

  test('a layer that was lost is unpacked again from its blob', async () => {
    const id = await oneImage();
    for (const name of readdirSync(at('layers'))) rmSync(at(`layers/${name}`), { recursive: true });
    const store = await fixture.open();
    const [layer] = (await store.resolve(id))?.layers ?? [];
    expect(readFileSync(join(layer as string, 'etc/motd'), 'utf8')).toBe('1');
  });

  test('a layer from before a power loss that was never synced is not trusted', async () => {
    const id = await oneImage();
    for (const name of readdirSync(at('layers')).filter((each) => each.endsWith('.json'))) {
      const record = JSON.parse(readFileSync(at(`layers/${name}`), 'utf8')) as object;
      writeFileSync(at(`layers/${name}`), JSON.stringify({ ...record, synced: false, boot: 'another' }));
    }
    for (const name of layers()) writeFileSync(at(`layers/${name}/etc/motd`), '');
    const store = await fixture.open();
    expect(layers()).toEqual([]);
    const [layer] = (await store.resolve(id))?.layers ?? [];
    expect(readFileSync(join(layer as string, 'etc/motd'), 'utf8')).toBe('1');
  });

  test('a lost layer whose blob is damaged is said to be', async () => {
    const id = await oneImage();
    for (const name of readdirSync(at('layers'))) rmSync(at(`layers/${name}`), { recursive: true });
    for (const name of blobs()) {
      const path = at(`images/blobs/sha256/${name}`);
      const data = readFileSync(path);
      const where = data.indexOf('1', 512);
      if (data.length > 1024)
        writeFileSync(
          path,
          Buffer.concat([data.subarray(0, where), Buffer.from('9'), data.subarray(where + 1)]),
        );
    }
    const store = await fixture.open();
    expect((await problemOf(store.resolve(id))).code).toBe('image.invalid');
  });

  test('one process at a time', async () => {
    await fixture.open();
    expect((await problemOf(fixture.open())).code).toBe('conflict.state');
  });

  /** Each failpoint once: what was acknowledged is there after a new start, and a crash leaves nothing behind. */
  const points = [
    'image.blob.synced',
    'image.blob.renamed',
    'image.layer.unpacked',
    'image.layer.renamed',
    'image.layer.recorded',
    'image.manifest.written',
    'image.index.written',
  ];
  test.each(points)('a crash at %s loses nothing that was acknowledged', async (point) => {
    const acknowledged = await oneImage();
    const armed = { on: false };
    const store: ImageStore = await fixture.open('root', {
      failpoint: (name) => {
        if (armed.on && name === point) throw new Error('crash');
      },
    });
    armed.on = true;
    await expect(store.import(bytes(rootfs('3')), { reference: 'app' })).rejects.toThrow('crash');
    armed.on = false;
    await store.close();
    const again = await fixture.open();
    const now = (await again.resolve('app'))?.id;
    expect(point === 'image.index.written' ? now !== acknowledged : now === acknowledged).toBe(true);
    await again.collect(new Set());
    expect([...readdirSync(at('images/ingest')), ...readdirSync(at('layers/new'))]).toEqual([]);
    await expect.poll(() => readdirSync(at('trash/image'))).toEqual([]);
    expect(layers()).toHaveLength((await again.list()).length);
  });
});

describe('the trash', () => {
  test('is emptied at the next start, of folders deeper than a path; what others have beside it stays', async () => {
    await (await fixture.open()).close();
    mkdirSync(at('trash/containers/one'), { recursive: true });
    execFileSync('sh', ['-c', 'for i in $(seq 30); do mkdir $0; cd -P $0; done', 'd'.repeat(200)], {
      cwd: at('trash/image'),
    });
    await (await fixture.open()).close();
    await expect.poll(() => readdirSync(at('trash/image'))).toEqual([]);
    expect(readdirSync(at('trash/containers'))).toEqual(['one']);
  });
});

describe('for the builder', () => {
  test('an upper folder becomes a layer and an image; the cache knows it until it is collected', async () => {
    const { store, close } = await startStore(storeOptions(join(fixture.folder, 'root')));
    try {
      const internals = buildInternals(store, () => Promise.reject(new Error('no registry')));
      const work = await internals.newWorkFolder();
      const upper = join(work.folder, 'upper');
      mkdirSync(join(upper, 'd'), { recursive: true });
      writeFileSync(join(upper, 'd/f'), 'built');
      execFileSync('mknod', [join(upper, 'gone'), 'c', '0', '0']);
      const layer = await internals.commitLayer(upper);
      expect(existsSync(upper)).toBe(false);
      expect(internals.layer(layer.diffId)).toEqual(layer);
      expect(
        execFileSync('tar', ['tf', at(`images/blobs/sha256/${hex(layer.digest)}`)], { encoding: 'utf8' }),
      ).toBe('d/\nd/f\n.wh.gone\n');
      await work.remove();
      const id = await internals.writeImage({
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: ['x'] },
        layers: [layer],
        history: [{ created_by: 'COPY' }],
        tags: ['built', 'built:2'],
      });
      expect(await internals.resolveImage('built:2')).toMatchObject({
        id,
        config: { Cmd: ['x'] },
        layers: [layer],
      });
      await internals.cachePut('step', { some: 'value' }, [layer]);
      expect(await internals.cacheGet('step')).toEqual({ value: { some: 'value' }, layers: [layer] });
      expect(await internals.cacheGet('other')).toBeUndefined();
      await store.layers.retire(layer.diffId, 'x');
      expect(await internals.cacheGet('step')).toBeUndefined();
    } finally {
      await close();
    }
  });

  test('builds at the same time make the same layer and write the same record', async () => {
    const { store, close } = await startStore(storeOptions(join(fixture.folder, 'root')));
    try {
      const internals = buildInternals(store, () => Promise.reject(new Error('no registry')));
      const made = Array.from({ length: 8 }, async () => {
        const work = await internals.newWorkFolder();
        const upper = join(work.folder, 'upper');
        mkdirSync(upper, { recursive: true });
        writeFileSync(join(upper, 'same'), 'content');
        utimesSync(join(upper, 'same'), 1, 1);
        utimesSync(upper, 1, 1);
        const layer = await internals.commitLayer(upper);
        await internals.cachePut('step', null, [layer]);
        await work.remove();
        return layer;
      });
      const [first, ...others] = await Promise.all(made);
      for (const each of others) expect(each).toEqual(first);
      expect(await internals.cacheGet('step')).toEqual({ value: null, layers: [first] });
    } finally {
      await close();
    }
  });
});

describe('leases', () => {
  const id = `sha256:${'a'.repeat(64)}` as Digest;
  const holders = async (): Promise<readonly string[]> => {
    const { store, close } = await startStore(storeOptions(join(fixture.folder, 'root'), fixture.messages));
    const found = [...store.leases.all().keys()];
    await close();
    return found;
  };

  test('are there after a crash, many at once too, and through rewriting', async () => {
    const { store, close } = await startStore(storeOptions(join(fixture.folder, 'root')));
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => store.leases.put(`c${at}`, { images: [id], layers: [] })),
    );
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(
        Array.from({ length: 1000 }, () => store.leases.put('busy', { images: [id], layers: [id] })),
      );
    }
    for (let at = 1; at < 50; at += 1) await store.leases.release(`c${at}`);
    await store.leases.put('last', { images: [], layers: [id] });
    expect(statSync(at('leases/journal')).size).toBeLessThan(5 << 20);
    await close();
    expect(await holders()).toEqual(['c0', 'busy', 'last']);
  });

  test('a torn last line was never promised; a damaged one is said', async () => {
    const line = (holder: string): string => `${JSON.stringify({ holder, images: [id], layers: [] })}\n`;
    mkdirSync(at('leases'), { recursive: true });
    writeFileSync(
      at('leases/journal'),
      `${line('a')}{"holder": damaged}\n${line('b')}${line('c').slice(0, 20)}\0\0\0\0`,
    );
    expect(await holders()).toEqual(['a', 'b']);
    expect(fixture.messages.map((each) => each.message)).toEqual(['1 damaged leases were dropped']);
    expect(await holders()).toEqual(['a', 'b']);
  });
});

describe('layers under overlay', () => {
  test('whiteouts and opaque folders of an archive hide what lies below', async () => {
    const store = await fixture.open();
    const low = Buffer.concat([
      file('kept', '1'),
      file('gone', '1'),
      file('d/old', '1'),
      file('e/old', '1'),
      trailer(),
    ]);
    const high = Buffer.concat([
      file('.wh.gone', ''),
      file('d/.wh..wh..opq', ''),
      file('d/new', '2'),
      file('e/.wh.old', ''),
      file('kept', '2'),
      trailer(),
    ]);
    const folders: string[] = [];
    for (const layer of [low, high])
      folders.unshift(...((await store.resolve(await store.import(bytes(layer), {})))?.layers ?? []));
    const merged = join(fixture.folder, 'merged');
    mkdirSync(merged);
    const script = `mount -t overlay none -o lowerdir=${folders.join(':')} ${merged}; cd ${merged}; find . -type f -printf '%P ' -exec cat {} \\; -printf '\\n' | sort`;
    const seen = execFileSync('unshare', ['-m', 'sh', '-ec', script], { encoding: 'utf8' });
    expect(seen).toBe('d/new 2\nkept 2\n');
  });
});
