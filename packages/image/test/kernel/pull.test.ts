import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ImageStore, Progress } from '../../src/index.ts';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import {
  hasRegistry,
  type Handler,
  send,
  sha256,
  skopeo,
  startRegistry,
  startScripted,
} from './support/registry.ts';
import { type Fixture, newFixture, problemOf } from './support/store.ts';

let fixture: Fixture;
const stops: (() => Promise<void>)[] = [];
beforeEach(() => {
  fixture = newFixture();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await fixture.cleanUp();
});

const AMD64 = { architecture: 'amd64', os: 'linux' };
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

type Scripted = {
  readonly layer: Buffer;
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly routes: Record<string, Handler>;
};

/** An image of one small file, at `app:1`. */
function scriptedImage(size = 100): Scripted {
  const data = randomBytes(size);
  const file = encodeHeader(entryOf({ path: 'file', type: 'file', size }));
  const tar = Buffer.concat([file, data, padding(size), trailer()]);
  const layer = gzipSync(tar);
  const config = json({
    ...AMD64,
    architecture: ARCHITECTURE,
    config: {},
    rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(config),
      size: config.length,
    },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(layer), size: layer.length },
    ],
  });
  const routes: Record<string, Handler> = {
    '/v2/app/manifests/1': send(manifest, { 'content-type': MANIFEST }),
    [`/v2/app/manifests/${sha256(manifest)}`]: send(manifest, { 'content-type': MANIFEST }),
    [`/v2/app/blobs/${sha256(config)}`]: send(config),
    [`/v2/app/blobs/${sha256(layer)}`]: send(layer),
  };
  return { layer, config, manifest, routes };
}
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

async function serve(routes: Record<string, Handler>): Promise<{
  store: ImageStore;
  address: string;
  seen: { path: string; headers: Record<string, unknown> }[];
}> {
  const server = await startScripted(routes);
  stops.push(server.stop);
  return { store: await fixture.open(), address: server.address, seen: server.seen };
}
const blobsOnDisk = (): readonly string[] => readdirSync(join(fixture.folder, 'root/images/blobs/sha256'));
const leftovers = (): readonly string[] =>
  ['images/ingest', 'layers/new', 'trash/image'].flatMap((name) =>
    readdirSync(join(fixture.folder, 'root', name)),
  );

if (!hasRegistry)
  console.log('docker-registry or skopeo is not installed: pulling from a real registry is not tested');

describe.skipIf(!hasRegistry)("from Debian's docker-registry", () => {
  test('an image that orc saved and skopeo pushed comes back the same, with progress per layer', async () => {
    const source = await fixture.open('source');
    await source.bootstrap('busybox', {});
    const archive = join(fixture.folder, 'busybox.tar');
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.save(['busybox'])) chunks.push(chunk);
    writeFileSync(archive, Buffer.concat(chunks));
    const registry = await startRegistry(join(fixture.folder, 'registry'));
    stops.push(registry.stop);
    for (const [format, compression] of [
      ['oci', 'gzip'],
      ['oci', 'zstd'],
      ['v2s2', 'gzip'],
    ]) {
      const target = `docker://${registry.address}/team/${format}:${compression}`;
      const compress = compression === 'gzip' ? [] : ['--dest-compress-format', 'zstd'];
      skopeo(
        'copy',
        '-q',
        '--dest-tls-verify=false',
        '--dest-compress',
        ...compress,
        '--format',
        format as string,
        `docker-archive:${archive}`,
        target,
      );
    }
    const store = await fixture.open();
    const progress: Progress[] = [];
    for (const name of ['oci:gzip', 'oci:zstd', 'v2s2:gzip']) {
      const pulled = await store.pull(`${registry.address}/team/${name}`, {
        onProgress: (each) => void progress.push(each),
      });
      execFileSync('diff', [
        '-r',
        '--no-dereference',
        pulled.layers[0] as string,
        (await source.resolve('busybox'))?.layers[0] as string,
      ]);
      expect(pulled.config.Cmd).toEqual(['sh']);
    }
    const statuses = new Set(progress.map((each) => each.status.replace(/: .*$/, '')));
    for (const status of [
      'Pulling from team/oci',
      'Pulling fs layer',
      'Download complete',
      'Pull complete',
      'Digest',
      'Status',
    ]) {
      expect(statuses).toContain(status);
    }
    const again: Progress[] = [];
    await store.pull(`${registry.address}/team/oci:gzip`, { onProgress: (each) => void again.push(each) });
    expect(again.map((each) => each.status)).toContain('Already exists');
    expect(again.at(-1)?.status).toBe(`Status: Image is up to date for ${registry.address}/team/oci:gzip`);
    expect((await problemOf(store.pull(`${registry.address}/team/oci:none`, {}))).code).toBe(
      'notfound.image',
    );
  });
});

describe('content', () => {
  test('a good image arrives, and its digest names it', async () => {
    const image = scriptedImage();
    const { store, address } = await serve(image.routes);
    const pulled = await store.pull(`${address}/app:1`, {});
    expect(pulled.id).toBe(sha256(image.config));
    expect(existsSync(join(pulled.layers[0] as string, 'file'))).toBe(true);
    expect((await store.resolve(`${address}/app@${sha256(image.manifest)}`))?.id).toBe(pulled.id);
    expect((await store.list())[0]?.digests).toEqual([`${address}/app@${sha256(image.manifest)}`]);
  });

  const swapped = (image: Scripted, path: string, data: Buffer): Record<string, Handler> => ({
    ...image.routes,
    [path]: send(data),
  });
  const rows: readonly (readonly [string, (image: Scripted) => Record<string, Handler>, string])[] = [
    [
      'a layer with other bytes',
      (image) => swapped(image, `/v2/app/blobs/${sha256(image.layer)}`, randomBytes(image.layer.length)),
      'image.invalid',
    ],
    [
      'a layer that is longer',
      (image) =>
        swapped(image, `/v2/app/blobs/${sha256(image.layer)}`, Buffer.concat([image.layer, image.layer])),
      'image.invalid',
    ],
    [
      'a config with other bytes',
      (image) => swapped(image, `/v2/app/blobs/${sha256(image.config)}`, randomBytes(image.config.length)),
      'image.invalid',
    ],
    [
      'a manifest over 4 MiB',
      (image) => ({ ...image.routes, '/v2/app/manifests/1': send(Buffer.alloc(5 << 20, 0x20)) }),
      'image.invalid',
    ],
    [
      'a manifest that is also an index (CVE-2021-41190)',
      (image) => ({
        ...image.routes,
        '/v2/app/manifests/1': send(json({ ...JSON.parse(image.manifest.toString()), manifests: [] })),
      }),
      'image.invalid',
    ],
    [
      'another Docker-Content-Digest',
      (image) => ({
        ...image.routes,
        '/v2/app/manifests/1': send(image.manifest, {
          'content-type': MANIFEST,
          'docker-content-digest': sha256(Buffer.from('x')),
        }),
      }),
      'image.invalid',
    ],
    [
      'a digest that is a path (CVE-2024-3727)',
      (image) => ({
        ...image.routes,
        '/v2/app/manifests/1': send(
          Buffer.from(
            image.manifest.toString().replaceAll(sha256(image.layer), 'sha256:../../../../etc/passwd'),
          ),
        ),
      }),
      'image.invalid',
    ],
    [
      'an index for other machines',
      (image) => ({
        ...image.routes,
        '/v2/app/manifests/1': send(
          json({
            schemaVersion: 2,
            mediaType: INDEX,
            manifests: [
              {
                mediaType: MANIFEST,
                digest: sha256(image.manifest),
                size: image.manifest.length,
                platform: { os: 'linux', architecture: 's390x' },
              },
            ],
          }),
        ),
      }),
      'image.platform',
    ],
  ];
  test.each(rows)('%s is refused, and nothing of it can run', async (_name, routesOf, code) => {
    const { store, address } = await serve(routesOf(scriptedImage()));
    expect((await problemOf(store.pull(`${address}/app:1`, {}))).code).toBe(code);
    expect(await store.list()).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  test('indexes within indexes end at a depth', async () => {
    const routes: Record<string, Handler> = {};
    let inner = scriptedImage().manifest;
    for (let depth = 0; depth < 6; depth += 1) {
      const outer = json({
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [
          {
            mediaType: INDEX,
            digest: sha256(inner),
            size: inner.length,
            platform: { os: 'linux', architecture: ARCHITECTURE },
          },
        ],
      });
      routes[`/v2/app/manifests/${sha256(inner)}`] = send(inner, {
        'content-type': depth === 0 ? MANIFEST : INDEX,
      });
      routes['/v2/app/manifests/1'] = send(outer, { 'content-type': INDEX });
      inner = outer;
    }
    const { store, address } = await serve(routes);
    expect((await problemOf(store.pull(`${address}/app:1`, {}))).message).toContain('nested');
  });
});

describe('transfer', () => {
  test('a broken download goes on where it broke, and the whole is checked', async () => {
    const image = scriptedImage(300_000);
    const path = `/v2/app/blobs/${sha256(image.layer)}`;
    const ranges: string[] = [];
    const breaking: Handler = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      ranges.push(request.headers.range ?? 'whole');
      const part = image.layer.subarray(from, from + 120_000);
      const headers = {
        'content-length': String(image.layer.length - from),
        'content-range': `bytes ${from}-${image.layer.length - 1}/${image.layer.length}`,
      };
      response.writeHead(from === 0 ? 200 : 206, headers);
      response.write(part, () =>
        setTimeout(
          () => (from + part.length === image.layer.length ? response.end() : response.destroy()),
          20,
        ),
      );
    };
    const { store, address } = await serve({ ...image.routes, [path]: breaking });
    await store.pull(`${address}/app:1`, {});
    expect(ranges[0]).toBe('whole');
    expect(ranges.length).toBeGreaterThan(1);
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  });

  test('a registry that ignores the range is read from the start again', async () => {
    const image = scriptedImage(200_000);
    let calls = 0;
    const ignoring: Handler = (_request, response) => {
      calls += 1;
      response.writeHead(200, { 'content-length': String(image.layer.length) });
      if (calls > 1) response.end(image.layer);
      else response.write(image.layer.subarray(0, 90_000), () => setTimeout(() => response.destroy(), 20));
    };
    const { store, address } = await serve({
      ...image.routes,
      [`/v2/app/blobs/${sha256(image.layer)}`]: ignoring,
    });
    await store.pull(`${address}/app:1`, {});
    expect(calls).toBe(2);
  });

  test('after a server error it tries again; after too many it says so', async () => {
    const image = scriptedImage();
    let calls = 0;
    const path = `/v2/app/blobs/${sha256(image.layer)}`;
    const flaky: Handler = (request, response, url) => {
      calls += 1;
      if (calls === 1) response.writeHead(503).end();
      else (image.routes[path] as Handler)(request, response, url);
    };
    const { store, address } = await serve({ ...image.routes, [path]: flaky });
    await store.pull(`${address}/app:1`, {});
    expect(calls).toBe(2);
  });

  test('concurrent pulls of one image download each blob once', async () => {
    const image = scriptedImage(50_000);
    const { store, address, seen } = await serve(image.routes);
    await Promise.all([1, 2, 3].map(() => store.pull(`${address}/app:1`, {})));
    expect(seen.filter((each) => each.path.includes(sha256(image.layer)))).toHaveLength(1);
  });

  test('a pull that is canceled stops, and leaves nothing half', async () => {
    const image = scriptedImage();
    const control = new AbortController();
    const stalling: Handler = (_request, response) => {
      response.writeHead(200, { 'content-length': String(image.layer.length) });
      response.write(image.layer.subarray(0, 10), () => control.abort());
    };
    const { store, address } = await serve({
      ...image.routes,
      [`/v2/app/blobs/${sha256(image.layer)}`]: stalling,
    });
    expect((await problemOf(store.pull(`${address}/app:1`, { signal: control.signal }))).code).toBe(
      'canceled',
    );
    expect(leftovers()).toEqual([]);
    expect(blobsOnDisk()).not.toContain(sha256(image.layer).slice(7));
  });

  test('a registry that is not there is a problem with a hint, not a stack', async () => {
    const store = await fixture.open();
    const problem = await problemOf(store.pull('127.0.0.1:1/app:1', {}));
    expect(problem).toMatchObject({ code: 'image.pull', retry: true });
  });
});

describe('tokens and redirects', () => {
  const withToken = (
    image: Scripted,
    realm: (address: string) => string,
    tokens: Handler,
  ): Record<string, Handler> => {
    const guarded = Object.fromEntries(
      Object.entries(image.routes).map(([path, handler]): [string, Handler] => [
        path,
        (request, response, url) => {
          if (request.headers.authorization === 'Bearer good') return handler(request, response, url);
          const challenge = `Bearer realm="${realm(request.headers.host as string)}",service="test",scope="repository:app:pull"`;
          response.writeHead(401, { 'www-authenticate': challenge }).end();
        },
      ]),
    );
    return { ...guarded, '/token': tokens };
  };
  const auth = { kind: 'basic', username: 'ann', password: 'secret' } as const;

  test('a bearer token is fetched from the registry’s own realm, with the credentials', async () => {
    const image = scriptedImage();
    const tokens: Handler = (request, response) => {
      const right = request.headers.authorization === `Basic ${Buffer.from('ann:secret').toString('base64')}`;
      response.writeHead(right ? 200 : 401).end(JSON.stringify({ token: 'good' }));
    };
    const { store, address, seen } = await serve(withToken(image, (host) => `http://${host}/token`, tokens));
    await store.pull(`${address}/app:1`, { auth });
    expect(seen.find((each) => each.path.startsWith('/token'))?.path).toBe(
      '/token?service=test&scope=repository%3Aapp%3Apull',
    );
  });

  test('basic credentials open a registry that asks for them, and only the right ones', async () => {
    const image = scriptedImage();
    const wanted = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    const guarded = Object.entries(image.routes).map(([path, handler]): [string, Handler] => [
      path,
      (request, response, url) => {
        if (request.headers.authorization === wanted) handler(request, response, url);
        else response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      },
    ]);
    const { store, address } = await serve(Object.fromEntries(guarded));
    const wrong = await problemOf(store.pull(`${address}/app:1`, { auth: { ...auth, password: 'wr0ng' } }));
    expect(wrong.code).toBe('image.auth');
    expect(wrong.message).not.toContain('wr0ng');
    expect((await problemOf(store.pull(`${address}/app:1`, {}))).code).toBe('image.auth');
    await store.pull(`${address}/app:1`, { auth });
  });

  test('an identity token is exchanged in the OAuth form', async () => {
    const image = scriptedImage();
    let form = '';
    const tokens: Handler = (request, response) => {
      request.on('data', (chunk: Buffer) => {
        form += chunk.toString();
      });
      request.on('end', () => response.writeHead(200).end(JSON.stringify({ access_token: 'good' })));
    };
    const { store, address } = await serve(withToken(image, (host) => `http://${host}/token`, tokens));
    await store.pull(`${address}/app:1`, { auth: { kind: 'token', token: 'refresh-me' } });
    expect(new URLSearchParams(form).get('refresh_token')).toBe('refresh-me');
  });

  test('an identity token is not sent on to where its request is redirected', async () => {
    const other = await startScripted({
      '/token': (_request, response) => void response.writeHead(200).end('{"access_token":"good"}'),
    });
    stops.push(other.stop);
    const tokens: Handler = (_request, response) =>
      void response.writeHead(307, { location: `http://${other.address}/token` }).end();
    const { store, address } = await serve(
      withToken(scriptedImage(), (host) => `http://${host}/token`, tokens),
    );
    const auth = { kind: 'token', token: 'refresh-me' } as const;
    expect((await problemOf(store.pull(`${address}/app:1`, { auth }))).code).toBe('image.auth');
    expect(other.seen).toEqual([]);
  });

  test('credentials do not go to a realm of another site (go-containerregistry#2193, CVE-2020-15157)', async () => {
    const other = await startScripted({
      '/token': (_request, response) => void response.writeHead(200).end('{"token":"good"}'),
    });
    stops.push(other.stop);
    const realm = `http://localhost:${other.address.split(':')[1]}/token`;
    const { store, address } = await serve(
      withToken(
        scriptedImage(),
        () => realm,
        () => undefined,
      ),
    );
    expect((await problemOf(store.pull(`${address}/app:1`, { auth }))).code).toBe('image.auth');
    expect(other.seen).toEqual([]);
  });

  test('a redirect to another port does not carry the Authorization header', async () => {
    const image = scriptedImage();
    const storage = await startScripted({ '/blob': send(image.layer) });
    stops.push(storage.stop);
    const routes = withToken(image, (host) => `http://${host}/token`, send(json({ token: 'good' })));
    routes[`/v2/app/blobs/${sha256(image.layer)}`] = (_request, response) =>
      void response.writeHead(307, { location: `http://${storage.address}/blob` }).end();
    const { store, address, seen } = await serve(routes);
    await store.pull(`${address}/app:1`, { auth });
    expect(storage.seen).toHaveLength(1);
    expect(storage.seen[0]?.headers.authorization).toBeUndefined();
    expect(seen.some((each) => each.headers['authorization'] === 'Bearer good')).toBe(true);
  });

  test('redirects end', async () => {
    const image = scriptedImage();
    const path = '/v2/app/manifests/1';
    const { store, address, seen } = await serve({
      ...image.routes,
      [path]: (_request, response) => void response.writeHead(302, { location: path }).end(),
    });
    expect((await problemOf(store.pull(`${address}/app:1`, {}))).code).toBe('image.pull');
    expect(seen).toHaveLength(6);
  });

  test('a redirect to a link-local address is refused before it is connected to (go-containerregistry#2193, #2440)', async () => {
    const image = scriptedImage();
    const path = '/v2/app/manifests/1';
    const location = 'http://169.254.169.254/latest/meta-data';
    const { store, address } = await serve({
      ...image.routes,
      [path]: (_request, response) => void response.writeHead(302, { location }).end(),
    });
    expect((await problemOf(store.pull(`${address}/app:1`, {}))).message).toContain('169.254.169.254');
  });
});
