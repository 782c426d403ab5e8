/** Rows of `orc image ls`: whose digest is whose. */
import type { Digest, ImageSummary } from '@orc/model';
import { expect, test } from 'vitest';
import { imageRows } from '../src/format/image.ts';

const [one, two, three] = ['1', '2', '3'].map((each) => `sha256:${each.repeat(64)}`) as [
  string,
  string,
  string,
];
const image = (tags: readonly string[], digests: readonly string[]): ImageSummary => ({
  id: `sha256:${'a'.repeat(64)}` as Digest,
  tags,
  digests,
  createdAt: 0,
  size: 1,
  architecture: 'amd64',
  os: 'linux',
});
const shown = (tags: readonly string[], digests: readonly string[], all = true): readonly string[] =>
  imageRows(image(tags, digests), all).map(({ repository, tag, digest }) => `${repository} ${tag} ${digest}`);

test.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
  ['built', ['app:1'], [], ['app 1 <none>'], ['app 1 <none>']],
  ['without a name', [], [], ['<none> <none> <none>'], ['<none> <none> <none>']],
  [
    'one config, by two manifests of two repositories',
    ['localhost:5000/oci:1', 'localhost:5000/v2s2:1'],
    [`localhost:5000/oci@${one}`, `localhost:5000/v2s2@${two}`],
    [`localhost:5000/oci 1 ${one}`, `localhost:5000/v2s2 1 ${two}`],
    [`localhost:5000/oci 1 ${one}`, `localhost:5000/v2s2 1 ${two}`],
  ],
  [
    'by two manifests of one repository',
    ['app:1', 'mine:1'],
    [`app@${one}`, `app@${two}`],
    [`app 1 ${one}`, `app 1 ${two}`, 'mine 1 <none>'],
    [`app 1 ${one}`, 'mine 1 <none>'],
  ],
  [
    'pulled by digest',
    ['app:1'],
    [`app@${one}`, `db@${three}`],
    [`app 1 ${one}`, `db <none> ${three}`],
    [`app 1 ${one}`],
  ],
])('%s', (_name, tags, digests, all, names) => {
  expect(shown(tags, digests)).toEqual(all);
  expect(shown(tags, digests, false)).toEqual(names);
});
