/** What builds, pulls and bootstraps look like where nothing can be drawn over. */
import type { ImageProgress } from '@orc/api/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Problems } from '../src/cli/problems.ts';
import { type ImageWords, showImage } from '../src/project/image-progress.ts';
import { createLines } from '../src/report/lines.ts';

const BUILD = { working: 'Building', done: 'Built' };
const id = 'sha256:a' as never;
const result: ImageProgress = { status: '', result: { id } };
const begin = (step: string): ImageProgress => ({ id: step, status: 'START' });
const end = (step: string, status: string): ImageProgress => ({ id: step, status });
const cached: readonly ImageProgress[] = [
  begin('[1/2] FROM busybox'),
  end('[1/2] FROM busybox', 'DONE 0.0s'),
  begin('[2/2] RUN make'),
  end('[2/2] RUN make', 'CACHED'),
];

async function shown(
  rows: readonly (ImageProgress | number)[],
  words: ImageWords = BUILD,
  mode: 'plain' | 'json' = 'plain',
): Promise<string> {
  let text = '';
  const reporter = createLines((more) => {
    text += more;
  }, mode);
  async function* paced(): AsyncGenerator<ImageProgress> {
    for (const row of rows) {
      if (typeof row === 'number') await sleep(row);
      else yield row;
    }
  }
  try {
    await showImage(reporter, 'Image shop-web', words, paced());
  } catch (error) {
    const all = error instanceof Problems ? error.problems.map((each) => each.message) : [String(error)];
    text += `thrown: ${all.join(' & ')}\n`;
  }
  reporter.close();
  return text;
}

test('a step that ends at once is one line, and output says of which image it is', async () => {
  const output = { id: '[2/2] RUN make', status: '', output: 'cc a.c\ncc b.c\n' };
  const rows = [...cached.slice(0, 3), output, end('[2/2] RUN make', 'DONE 1.0s'), result];
  expect(await shown(rows)).toBe(
    [
      ' Image shop-web  Building',
      ' Image shop-web [1/2] FROM busybox  DONE 0.0s',
      ' Image shop-web [2/2] RUN make  START',
      ' shop-web | cc a.c',
      ' shop-web | cc b.c',
      ' Image shop-web [2/2] RUN make  DONE 1.0s',
      ' Image shop-web  Built\n',
    ].join('\n'),
  );
  expect(await shown([...cached, result])).toContain('RUN make  CACHED\n');
  expect(await shown([...cached, result])).not.toContain('START');
});

test('a silent step is said to have begun', async () => {
  const rows = [begin('[2/2] RUN make'), 250, end('[2/2] RUN make', 'DONE 0.3s'), result];
  expect(await shown(rows)).toContain('RUN make  START\n Image shop-web [2/2] RUN make  DONE');
});

test('what comes out of the cache whole is a line', async () => {
  expect(await shown([...cached, result], { ...BUILD, known: id })).toBe(' Image shop-web  Up to date\n');
  const other = await shown([...cached, result], { ...BUILD, known: 'sha256:b' });
  expect(other).toBe(' Image shop-web  Built\n');
});

test('what is built after all shows the steps before it too', async () => {
  const rows = [...cached.slice(0, 3), 700, end('[2/2] RUN make', 'DONE 0.6s'), result];
  const text = await shown(rows, { ...BUILD, known: id });
  expect(text).toMatch(/Building\n.*FROM busybox {2}DONE.*\n.*START\n.*DONE 0.6s\n.*Built\n$/);
});

test.each([
  ['ends early', []],
  ['fails', [{ status: '', problem: { code: 'internal', message: 'the step was killed' } }]],
] as const)('what is canceled is not said to be done, where it %s', async (_, last) => {
  const message = 'the build was canceled';
  const words = { ...BUILD, canceled: { by: AbortSignal.abort(), message } };
  expect(await shown([...cached.slice(0, 1), ...last], words)).toBe(
    [' Image shop-web  Building', ' Image shop-web  Canceled', `thrown: OrcError: ${message}\n`].join('\n'),
  );
});

test('problems of a Dockerfile are told once each', async () => {
  const problem = { code: 'dockerfile.syntax', message: 'RUNN is no instruction' } as const;
  const second = { code: 'dockerfile.syntax', message: 'COPI is no instruction' } as const;
  const refusals = [problem, second].map(({ message }) => ({
    id: 'Dockerfile',
    status: 'ERROR',
    output: `${message}\n`,
  }));
  const rows = [...refusals, { status: '', problem: { ...problem, cause: second } }];
  expect(await shown(rows)).toBe(
    [
      ' Image shop-web  Building',
      ' Image shop-web  Error',
      'thrown: RUNN is no instruction & COPI is no instruction\n',
    ].join('\n'),
  );
});

test('a pull does not repeat the tag, a bootstrap names each phase once', async () => {
  const pulled = await shown([{ id: '1', status: 'Pulling from shop/web' }, result]);
  expect(pulled).toContain(' Image shop-web  Pulling from shop/web\n');
  const lines = [
    'Retrieving libc6',
    'Validating libc6',
    'Retrieving dpkg',
    'Unpacking dpkg',
    'Unpacking libc6',
  ];
  const made = await shown([...lines.map((status) => ({ id: 'bookworm', status })), result]);
  expect(made).toBe(
    [
      ' Image shop-web  Building',
      ' Image shop-web  Retrieving packages',
      ' Image shop-web  Unpacking packages',
      ' Image shop-web  Built\n',
    ].join('\n'),
  );
});

test('json tells a state once', async () => {
  const row = { id: 'abc', status: 'Waiting' };
  const text = await shown([row, row, { ...row, status: 'Downloading' }, result], BUILD, 'json');
  expect(text.match(/Waiting/g)).toHaveLength(1);
  expect(text.trim().split('\n')).toHaveLength(4);
});
