/** The tags of a repository: of Debian's docker-registry, and of a scripted one that answers page by page. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { nextPage, parseTags } from '../../src/plan/tags.ts';
import { toProblem } from '@orc/model';
import { type Handler, hasRegistry, skopeo, startRegistry, startScripted } from './support/registry.ts';
import { newFixture } from './support/store.ts';

const fixture = newFixture();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await fixture.cleanUp();
});

if (!hasRegistry)
  console.log('docker-registry or skopeo is not installed: tags of a real registry are not tested');

test.skipIf(!hasRegistry)("those of Debian's docker-registry", async () => {
  const store = await fixture.open();
  await store.bootstrap('busybox', {});
  const archive = join(fixture.folder, 'busybox.tar');
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.save(['busybox'])) chunks.push(chunk);
  writeFileSync(archive, Buffer.concat(chunks));
  const registry = await startRegistry(join(fixture.folder, 'registry'));
  stops.push(registry.stop);
  for (const tag of ['one', 'two', '3.0'])
    skopeo(
      'copy',
      '-q',
      '--dest-tls-verify=false',
      `docker-archive:${archive}`,
      `docker://${registry.address}/team/app:${tag}`,
    );
  expect([...(await store.remoteTags(`${registry.address}/team/app`, {}))].sort()).toEqual([
    '3.0',
    'one',
    'two',
  ]);
  const digest = await store.remoteDigest(`${registry.address}/team/app:one`, {});
  expect((await store.pull(`${registry.address}/team/app@${digest}`, {})).id).toMatch(/^sha256:/);
  const missing = await store.remoteDigest(`${registry.address}/team/app:none`, {}).catch(toProblem);
  expect(missing).toMatchObject({ code: 'notfound.image' });
  const gone = await store.remoteTags(`${registry.address}/team/none`, {}).catch(toProblem);
  expect(gone).toMatchObject({ code: 'notfound.image' });
  expect(execFileSync('find', [join(fixture.folder, 'root/images/ingest'), '-type', 'f']).toString()).toBe(
    '',
  );
});

describe('page by page', () => {
  const serve = async (
    page: (last: string) => { tags: unknown; link?: string },
  ): Promise<readonly string[]> => {
    const handler: Handler = (_request, response, url) => {
      const { tags, link } = page(url.searchParams.get('last') ?? '');
      response.writeHead(200, link === undefined ? {} : { link });
      response.end(JSON.stringify({ name: 'app', tags }));
    };
    const { address, stop } = await startScripted({ '/v2/app/tags/list': handler });
    stops.push(stop);
    const store = await fixture.open(`root-${stops.length}`);
    return store.remoteTags(`${address}/app`, {});
  };

  test('as long as there is another, asked of the same registry whatever the link says', async () => {
    const pages: Readonly<Record<string, { tags: unknown; link?: string }>> = {
      '': { tags: ['a', 'b'], link: '</v2/app/tags/list?last=b&n=2>; rel="next"' },
      b: { tags: ['c'], link: '<http://192.0.2.1/elsewhere?n=1&last=c>; rel="next"' },
      c: { tags: ['d'] },
    };
    expect(await serve((last) => pages[last] ?? { tags: [] })).toEqual(['a', 'b', 'c', 'd']);
  });

  test('and no longer where a registry leads in a circle, or has too many', async () => {
    const circle = await serve(() => ({ tags: ['a'], link: '<?last=a>; rel="next"' }));
    expect(circle).toEqual(['a', 'a']);
    let count = 0;
    const endless = serve(() => {
      const tags = Array.from({ length: 5_000 }, () => `t${(count += 1)}`);
      return { tags, link: `<?last=t${count}>; rel="next"` };
    });
    await expect(endless).rejects.toThrow('has more than 20000 tags');
  });
});

test.each([
  ['{"tags":["a",7,"b c","x/y","1.0"]}', ['a', '1.0']],
  ['{"tags":null}', []],
  ['{}', []],
])('of %s those that are tags', (text, tags) => expect(parseTags(Buffer.from(text))).toEqual(tags));

test.each(['', '[', '{"tags":"a"}', 'null'])('%j is no list of tags', (text) =>
  expect(() => parseTags(Buffer.from(text))).toThrow('no list of tags'),
);

test.each([
  [undefined, undefined],
  ['</v2/a/tags/list?n=2&last=b>; rel="next"', 'b'],
  ['<https://h/v2/a/tags/list?last=b%2Bc&n=1>;rel=next', 'b+c'],
  ['</v2/a/tags/list?last=b>; rel="prev"', undefined],
  ['</v2/a/tags/list>; rel="next"', undefined],
])('the link %s leads after %s', (link, after) => expect(nextPage(link)).toBe(after));
