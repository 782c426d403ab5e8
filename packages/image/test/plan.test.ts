/** Decisions of this package as golden text and tables. */
import { type Digest, formatProblem, toProblem } from '@orc/model';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goldenSuite } from '../../../test/golden/golden.ts';
import { partsOf, targetOf } from '../src/layer/names.ts';
import {
  bootstrapSources,
  carriedSettings,
  DISTRIBUTIONS,
  formatSources,
  parseSources,
  proxyOf,
  suiteOf,
} from '../src/plan/apt.ts';
import {
  type Catalog,
  EMPTY_CATALOG,
  findImage,
  type ImageRecord,
  namesOf,
  withImage,
  withName,
  withoutImage,
  withoutName,
} from '../src/plan/catalog.ts';
import { MEDIA } from '../src/plan/documents.ts';
import { parseImageDocument, parseManifest } from '../src/plan/parse.ts';
import { choosePlatform, formatPlatform, hostPlatform, parsePlatform } from '../src/plan/platform.ts';
import { familiarName, fullName, parseReference } from '../src/plan/reference.ts';
import {
  checkRealm,
  checkRedirect,
  endpointOf,
  mayConnect,
  parseChallenge,
  zoneOf,
} from '../src/plan/registry.ts';

const distributionOf = (name: string | undefined): (typeof DISTRIBUTIONS)['debian'] =>
  DISTRIBUTIONS[name === 'ubuntu' ? 'ubuntu' : 'debian'];
const problemText = (job: () => string): string => {
  try {
    return job();
  } catch (error) {
    const { code, message } = (error as { problem: { code: string; message: string } }).problem;
    return `${code}: ${message}`;
  }
};

goldenSuite(join(import.meta.dirname, 'golden'), {
  parse: (each) =>
    problemText(() => {
      const reference = parseReference(each.body);
      return `${fullName(reference)}${reference.digest === undefined ? '' : `@${reference.digest}`} ${familiarName(reference)}`;
    }),
  suite: (each) =>
    each.body
      .split('\n')
      .map((tag) => `${tag} ${suiteOf(distributionOf(each.args['distribution']), tag) ?? 'none'}`)
      .join('\n'),
  settings: (each) => `${carriedSettings(each.body)}proxy for others: ${proxyOf(each.body)}`,
  sources: (each) => {
    const host = parseSources(each.args['file'] as string, each.body);
    const suite = each.args['suite'] as string;
    try {
      const from = bootstrapSources(distributionOf(each.args['distribution']), suite, host);
      const text = formatSources(from.sources).replaceAll('\n\n', '\n').trimEnd();
      return `mirror ${from.mirror}\nkeyring ${from.keyring}\n${text}`;
    } catch (error) {
      return formatProblem(toProblem(error));
    }
  },
});

/** Test data that lies beside the repository on some machines. */
const CASES = join(import.meta.dirname, '../../../../shared/corpus/oci/image-spec-cases/cases.json');

if (!existsSync(CASES)) console.log('the corpus is not there: its manifests and configs are not parsed');

describe('documents', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const descriptor = (mediaType: string): object => ({ mediaType, digest, size: 10 });
  const manifest = {
    schemaVersion: 2,
    config: descriptor(MEDIA.ociConfig),
    layers: [descriptor(MEDIA.ociLayer)],
  };
  const parse = (value: unknown, mediaType?: string): unknown =>
    parseManifest(Buffer.from(JSON.stringify(value)), mediaType);

  test('a manifest and an index are told apart by what they hold', () => {
    expect(parse(manifest)).toMatchObject({ kind: 'manifest', manifest: { mediaType: MEDIA.ociManifest } });
    expect(parse({ schemaVersion: 2, manifests: [descriptor(MEDIA.ociManifest)] })).toMatchObject({
      kind: 'index',
    });
  });

  const bad: readonly (readonly [string, unknown, (string | undefined)?])[] = [
    ['both kinds (CVE-2021-41190)', { ...manifest, manifests: [] }],
    ['says it is an index', { ...manifest, mediaType: MEDIA.ociIndex }],
    ['sent as another type', { ...manifest, mediaType: MEDIA.ociManifest }, MEDIA.dockerManifest],
    ['sent as an index', manifest, MEDIA.ociIndex],
    ['schema 1', { ...manifest, schemaVersion: 1 }],
    ['no config', { schemaVersion: 2, layers: [] }],
    ['128 layers', { ...manifest, layers: Array.from({ length: 128 }, () => descriptor(MEDIA.ociLayer)) }],
    [
      'a digest that is a path (CVE-2024-3727)',
      { ...manifest, layers: [{ ...descriptor(MEDIA.ociLayer), digest: 'sha256:../../etc/passwd' }] },
    ],
    [
      'a digest of capitals',
      { ...manifest, layers: [{ ...descriptor(MEDIA.ociLayer), digest: digest.toUpperCase() }] },
    ],
    ['a negative size', { ...manifest, layers: [{ ...descriptor(MEDIA.ociLayer), size: -1 }] }],
    ['a size of text', { ...manifest, layers: [{ ...descriptor(MEDIA.ociLayer), size: '10' }] }],
    [
      'a layer of another kind',
      { ...manifest, layers: [descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')] },
    ],
    ['a list', []],
  ];
  test.each(bad)('%s is refused', (_name, value, mediaType?: unknown) => {
    expect(() => parse(value, mediaType as string | undefined)).toThrow();
  });

  test.runIf(existsSync(CASES))('the corpus of manifests and configs', () => {
    const rows = JSON.parse(readFileSync(CASES, 'utf8')) as {
      name: string;
      kind: string;
      valid: boolean | null;
      json: string;
    }[];
    const results = rows
      .filter((row) => row.valid !== null && /^(manifest|index|config)$/.test(row.kind))
      .map((row) => {
        const data = Buffer.from(row.json);
        const parseRow = (): unknown =>
          row.kind === 'config' ? parseImageDocument(data) : parseManifest(data);
        return { name: row.name, accepted: accepts(parseRow), valid: row.valid };
      });
    expect(results.length).toBeGreaterThan(10);
    expect(results.filter((row) => row.valid === true && !row.accepted)).toEqual([]);
    // A row of an index with half a platform is passed over; the others of that index still run.
    const wronglyAccepted = results.filter((row) => row.valid === false && row.accepted);
    expect(wronglyAccepted.map((row) => row.name)).toEqual(['index-3']);
  });

  test('a config only has what the model knows, of the right types', () => {
    const document = (config: unknown): Buffer =>
      Buffer.from(
        JSON.stringify({
          os: 'linux',
          architecture: 'amd64',
          config,
          rootfs: { type: 'layers', diff_ids: [digest] },
        }),
      );
    expect(
      parseImageDocument(
        document({
          Cmd: ['a'],
          Env: null,
          Volumes: { '/v': {} },
          ArgsEscaped: true,
          Healthcheck: { Test: ['NONE'], Interval: 5 },
        }),
      ).config,
    ).toEqual({
      Cmd: ['a'],
      Volumes: { '/v': {} },
      Healthcheck: { Test: ['NONE'], Interval: 5 },
    });
    for (const wrong of [
      { Cmd: 'a' },
      { Env: [1] },
      { User: 7 },
      { Entrypoint: ['a\0b'] },
      { Healthcheck: { Interval: -1 } },
    ]) {
      expect(() => parseImageDocument(document(wrong)), JSON.stringify(wrong)).toThrow();
    }
  });
});

const accepts = (job: () => unknown): boolean => {
  try {
    job();
    return true;
  } catch {
    return false;
  }
};

describe('platforms', () => {
  const row = (platform: string, digest: string): never =>
    ({ mediaType: MEDIA.ociManifest, digest, size: 1, platform: parsePlatform(platform) }) as never;
  test.each([
    ['linux/amd64', 'amd64'],
    ['linux/arm64', 'arm64'],
    ['linux/arm/v7', 'armv7'],
    ['linux/arm/v6', 'armv6'],
    ['arm64', 'arm64'],
    ['linux/x86_64', 'amd64'],
    ['linux/arm/v5', undefined],
    ['windows/amd64', undefined],
  ])('%s', (wanted, expected) => {
    const rows = [
      row('linux/arm/v6', 'armv6'),
      row('linux/arm/v7', 'armv7'),
      row('linux/arm64/v8', 'arm64'),
      row('linux/amd64', 'amd64'),
      row('unknown/unknown', 'attestation'),
    ];
    expect(choosePlatform(parsePlatform(wanted), rows)?.digest).toBe(expected);
  });
  test('of this host', () => expect(formatPlatform(hostPlatform('x64'))).toBe('linux/amd64'));
  test.each(['', 'a/b/c/d', 'linux/', 'LIN UX/amd64'])('%j is refused', (text) =>
    expect(() => parsePlatform(text)).toThrow(),
  );
});

describe('registries', () => {
  test.each([
    ['docker.io', 'https://registry-1.docker.io'],
    ['ghcr.io', 'https://ghcr.io'],
    ['localhost:5000', 'http://localhost:5000'],
    ['127.0.0.3:5000', 'http://127.0.0.3:5000'],
    ['[::1]:5000', 'http://[::1]:5000'],
    ['10.0.0.1:5000', 'https://10.0.0.1:5000'],
    ['localhost.example.com', 'https://localhost.example.com'],
  ])('%s is at %s', (domain, origin) => expect(endpointOf(domain).origin).toBe(origin));

  test.each([
    ['docker.io', 'https://auth.docker.io/token', true],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
    ['ghcr.io', 'https://ghcr.io/token', true],
    ['ghcr.io', 'http://ghcr.io/token', false],
    ['ghcr.io', 'https://evil.example/token', false],
    ['ghcr.io', 'https://ghcr.io.evil.example/token', false],
    ['ghcr.io', 'https://ann:x@ghcr.io/token', false],
    ['ghcr.io', 'file:///etc/passwd', false],
    ['one.co.uk', 'https://two.co.uk/token', false],
    ['a.one.co.uk', 'https://b.one.co.uk/token', true],
    ['10.0.0.1', 'https://10.0.0.2/token', false],
    ['127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
    ['127.0.0.1:5000', 'http://localhost:5001/token', false],
  ])(
    'credentials for %s may go to %s: %s (go-containerregistry#2193, CVE-2020-15157)',
    (domain, realm, allowed) => {
      expect(accepts(() => checkRealm(endpointOf(domain), realm))).toBe(allowed);
    },
  );

  test.each([
    ['https://a/x', '/y', true],
    ['https://a/x', 'https://a:8443/y', false],
    ['https://a/x', 'https://cdn/y', false],
    ['http://a/x', 'http://a/y', true],
    ['http://a/x', 'https://a/y', false],
  ])('from %s to %s the header goes along: %s', (from, to, keeps) => {
    expect(checkRedirect(new URL(from), to).keepsAuthorization).toBe(keeps);
  });
  test.each(['http://a/y', 'file:///etc/passwd', 'ftp://a/y', 'http://['])(
    'from https no redirect to %s',
    (to) => {
      expect(() => checkRedirect(new URL('https://a/x'), to)).toThrow('redirects');
    },
  );

  test.each([
    ['8.8.8.8', 'public'],
    ['127.9.9.9', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['0.0.0.0', 'link-local'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fd00::1', 'private'],
    ['2001:4860::8888', 'public'],
  ])('%s is %s', (address, zone) => expect(zoneOf(address)).toBe(zone));
  test('other hosts may only be public, or where the registry is', () => {
    expect(mayConnect('10.0.0.1', new Set(['public']))).toBe(false);
    expect(mayConnect('10.0.0.1', new Set(['private']))).toBe(true);
    expect(mayConnect('169.254.169.254', new Set(['private', 'loopback']))).toBe(false);
  });

  test.each([
    [
      'Bearer realm="https://a/t",service="s",scope="x:y"',
      { scheme: 'bearer', realm: 'https://a/t', service: 's', scope: 'x:y' },
    ],
    ['Basic realm="x", Bearer realm="https://a/t"', { scheme: 'bearer', realm: 'https://a/t' }],
    ['basic realm=x', { scheme: 'basic' }],
    ['Bearer service="s"', undefined],
    ['Negotiate', undefined],
  ])('challenge %s', (header, expected) => expect(parseChallenge(header)).toEqual(expected));
});

describe('the catalog', () => {
  const image = (letter: string): ImageRecord =>
    ({
      id: `sha256:${letter.repeat(64)}` as Digest,
      descriptor: { digest: `sha256:${letter.repeat(63)}0` },
      repoDigests: [`docker.io/library/x@sha256:${letter.repeat(63)}1`],
      document: {},
      manifest: {},
      size: 1,
    }) as unknown as ImageRecord;
  const two = ['a', 'b'].reduce(
    (catalog: Catalog, letter) => withImage(catalog, image(letter)),
    EMPTY_CATALOG,
  );
  const named = withName(two, 'docker.io/library/x:latest', image('a').id);

  test.each([
    ['x', 'a'],
    ['x:latest', 'a'],
    ['docker.io/library/x', 'a'],
    [`x@sha256:${'b'.repeat(63)}1`, 'b'],
    [`x@sha256:${'a'.repeat(63)}0`, 'a'],
    ['aaaa', 'a'],
    [`sha256:${'b'.repeat(64)}`, 'b'],
    ['x:2', undefined],
    ['c', undefined],
    ['', undefined],
  ])('%s finds %s', (text, letter) => {
    expect(findImage(named, text)?.image.id).toBe(letter === undefined ? undefined : image(letter).id);
  });
  test('a prefix of two ids is ambiguous', () => {
    const more = withImage(two, { ...image('a'), id: `sha256:aa${'c'.repeat(62)}` as Digest });
    expect(() => findImage(more, 'aa')).toThrow('stands for 2 images');
  });
  test('a name belongs to one image, and goes with it', () => {
    const moved = withName(named, 'docker.io/library/x:latest', image('b').id);
    expect(namesOf(moved, image('a').id)).toEqual([]);
    expect(withoutImage(moved, image('b').id).names.size).toBe(0);
    expect(withoutName(moved, 'docker.io/library/x:latest').images.size).toBe(2);
  });
});

describe('names in archives', () => {
  const segment = fc.constantFrom('a', 'b', '..', '.', '', 'usr');
  test('never lead out, and cleaning is idempotent', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 8 }).map((all) => all.join('/')),
        (path) => {
          if (!accepts(() => partsOf(path))) return;
          const parts = partsOf(path);
          expect(parts.every((part) => part !== '..' && part !== '.' && part !== '')).toBe(true);
          if (parts.length > 0) expect(partsOf(parts.join('/'))).toEqual(parts);
        },
      ),
    );
  });
  test('link targets stop at the root', () => {
    expect(targetOf(['a', 'b'], '../../../../etc')).toEqual(['etc']);
    expect(targetOf(['a', 'b'], '/x/../y')).toEqual(['y']);
    expect(targetOf(['a', 'b'], './c')).toEqual(['a', 'b', 'c']);
  });
});

test('the table of failpoints has those of the code, and no others', () => {
  const root = join(import.meta.dirname, '..');
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const called = sources.flatMap((name) => [
    ...readFileSync(join(root, 'src', name), 'utf8').matchAll(/failpoint\('([^']+)'\)/g),
  ]);
  const table = readFileSync(join(root, '../../docs/failpoints.md'), 'utf8').matchAll(
    /^\| `(image\.[^`]+)` \|/gm,
  );
  expect([...new Set(called.map((match) => match[1]))].sort()).toEqual(
    [...table].map((match) => match[1]).sort(),
  );
});
