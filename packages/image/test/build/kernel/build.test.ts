import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunStep } from '../../../src/types.ts';
import { chrootRunner } from './chroot-runner.ts';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  fixture.write({ 'app/main.txt': 'main', 'app/lib/a.txt': 'a', '.dockerignore': 'ignored\n', ignored: 'x' });
});
afterAll(() => fixture.close());

const WHOLE = `
ARG BASE=busybox
FROM \${BASE} AS build
ARG GREETING=hello
ENV WHO=world
WORKDIR /made
COPY app .
RUN echo "$GREETING $WHO" > greeting && cat greeting main.txt
FROM busybox AS unused
RUN exit 1
FROM busybox
COPY --from=build /made/greeting /made/lib /data/
RUN <<EOF
ls /data
EOF
LABEL from=dockerfile
EXPOSE 80
USER 7:8
ENTRYPOINT ["cat"]
CMD ["/data/greeting"]
`;

describe('a whole build', () => {
  test('gives an image whose config, history and layers are as the file says', async () => {
    const { id, output } = await fixture.build(WHOLE, {
      args: { GREETING: 'bonjour' },
      labels: { added: 'yes' },
    });
    expect(output).toContain('bonjour world\n');
    expect(output).toContain('a.txt\ngreeting\n');
    const image = await fixture.store.inspect(id);
    expect(image?.RepoTags).toEqual(['built:test']);
    expect(image?.Config).toMatchObject({
      User: '7:8',
      Entrypoint: ['cat'],
      Cmd: ['/data/greeting'],
      Labels: { from: 'dockerfile', added: 'yes' },
      ExposedPorts: { '80/tcp': {} },
    });
    expect(image?.Config.Env?.some((each) => each.startsWith('WHO='))).toBe(false);
    const history = await fixture.store.history(id);
    expect(history.map(({ createdBy, size }) => `${size > 0 ? 'layer' : 'empty'} ${createdBy}`)).toEqual([
      'empty CMD ["/data/greeting"]',
      'empty ENTRYPOINT ["cat"]',
      'empty USER 7:8',
      'empty EXPOSE 80/tcp',
      'empty LABEL from=dockerfile',
      'empty RUN /bin/sh -c ls /data\n',
      'layer COPY --from=build /made/greeting /made/lib /data/',
      'layer orc image bootstrap busybox:latest',
    ]);
    expect(history.map((step) => step.id)).toEqual([id, ...history.slice(1).map(() => undefined)]);
    expect(JSON.stringify(history)).not.toContain('bonjour');
  });

  test('a WORKDIR that is there already comes from the cache as others do, once it was seen', async () => {
    const text = 'FROM busybox\nWORKDIR /there\nWORKDIR /there\nWORKDIR /\nLABEL a=workdir';
    const first = await fixture.build(text);
    const second = await fixture.build(text);
    const last = ['[2/4] WORKDIR /there', '[3/4] WORKDIR /there', '[4/4] WORKDIR /'];
    expect([first.cached, second.cached]).toEqual([[], last]);
    expect(second.id).toBe(first.id);
    expect((await fixture.build(text, { noCache: true })).cached).toEqual([]);
  });

  // No image can have such a name, so nothing is asked of a registry.
  test.each([
    ['Bild', 'did you mean the stage build?'],
    ['Nostage', 'it is no stage: those above are build, 1'],
    ['Last', 'the stage Last stands below this one: move it above'],
  ])('COPY --from=%s names the stages that there are', async (from, hint) => {
    const problem = await fixture.fail(
      `FROM busybox AS build\nFROM busybox\nFROM busybox\nCOPY --from=${from} /a /b\nFROM busybox AS last\nCOPY --from=2 /b /c`,
    );
    expect([problem.where?.line, problem.hint?.split('; ')[0]]).toEqual([4, hint]);
    const base = `FROM busybox AS build\nFROM busybox\nFROM ${from}\nFROM busybox AS last\nCOPY --from=2 / /`;
    expect((await fixture.fail(base)).hint?.split('; ')[0]).toBe(hint);
  });

  test('again comes from the cache and is the same image', async () => {
    const first = await fixture.build(WHOLE);
    const second = await fixture.build(WHOLE);
    expect(second.id).toBe(first.id);
    expect(second.cached).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\[build 4\/4\] RUN/),
        expect.stringMatching(/^\[stage-2 3\/3\] RUN/),
      ]),
    );
    expect(second.events.some(({ status }) => status.startsWith('DONE'))).toBe(true);
  });

  test('a stage that nothing needs is not built; as target it is', async () => {
    const { events } = await fixture.build(WHOLE);
    expect(events.some((event) => event.id?.startsWith('[unused'))).toBe(false);
    expect(await fixture.fail(WHOLE, { target: 'unused' })).toMatchObject({ code: 'build.failed' });
  });

  test('triggers of a base run in whoever builds on it, and are not handed on', async () => {
    const text =
      'FROM busybox AS base\nONBUILD RUN echo triggered > /t\nFROM base AS mid\nFROM mid\nRUN cat /t\n';
    const { output, id } = await fixture.build(text);
    expect(output).toContain('triggered');
    expect((await fixture.store.inspect(id))?.Config.OnBuild).toBeUndefined();
  });

  test('scratch, inline files and a program of its own in a heredoc', async () => {
    const text =
      'FROM scratch AS files\nCOPY --chmod=600 <<A <<B /d/\na\nA\nb\nB\n' +
      'FROM busybox\nCOPY --from=files / /\n';
    const script =
      'RUN <<EOF\n#!/bin/sh\nstat -c "%a %u" /d/A; cat /d/B; ls -a / | grep orc-run | wc -l\nEOF\n';
    const { output, top } = await fixture.build(text + script);
    expect(output).toBe('600 0\nb\n1\n');
    expect(readdirSync(top)).not.toContain('.orc-run-EOF');
  });

  test('two layers with the same content are no obstacle to the next step', async () => {
    const { output, id } = await fixture.build('FROM busybox\nRUN true\nRUN true # again\nRUN echo alive\n');
    expect(output).toBe('alive\n');
    const layers = (await fixture.store.resolve(id))?.layers ?? [];
    expect(new Set(layers).size).toBe(layers.length);
  });
});

describe('failing', () => {
  test('a step that fails is named with its place, its status and what it said', async () => {
    const problem = await fixture.fail('FROM busybox\nRUN echo one \\\n && echo two && exit 42\n');
    expect(problem).toMatchObject({
      code: 'build.failed',
      where: { file: 'Dockerfile', line: 2, column: 1 },
    });
    expect(problem.message).toMatch(/exited with 42; it said last:\n {4}one\n {4}two$/);
    expect(fixture.leftovers()).toEqual([]);
  });

  test('a program that is not there has a hint', async () => {
    const problem = await fixture.fail('FROM busybox\nRUN no-such-program\n');
    expect(problem.hint).toContain('not in the image');
  });

  test.each([
    ['COPY nowhere /', 'nowhere is not found', undefined],
    ['COPY ignored /', 'ignored is not found', /\.dockerignore/],
    ['COPY --from=busybox /none /', '/none is not found', undefined],
    ['COPY --chown=somebody app /', "user somebody is not in the image's /etc/passwd", undefined],
    ['COPY --chmod=abc app /', 'abc is no mode', undefined],
    ['COPY app /bin/sh', '/bin/sh is no directory in the image', undefined],
    ['COPY [ /', '[ is no pattern', undefined],
  ])('%s', async (line, message, hint) => {
    const problem = await fixture.fail(`FROM busybox\n${line}\n`);
    expect(problem).toMatchObject({ message, where: { line: 2 } });
    expect(problem.hint ?? '').toMatch(hint ?? /./);
    expect(fixture.leftovers()).toEqual([]);
  });

  test('every problem of the text is told before anything is done', async () => {
    const seen: string[] = [];
    const problem = await fixture.fail('FROM busybox\nRUM a\nCOPY b\n', {
      run: () => Promise.reject(new Error(seen.join())),
    });
    expect(problem).toMatchObject({
      code: 'dockerfile.syntax',
      where: { line: 2 },
      cause: { where: { line: 3 } },
    });
  });

  test('an abort ends the step and leaves nothing', async () => {
    const abort = new AbortController();
    const run = (step: RunStep): Promise<{ readonly code: number }> => {
      expect(fixture.leftovers()).not.toEqual([]);
      const ended = chrootRunner(step);
      abort.abort();
      return ended;
    };
    const problem = await fixture.fail('FROM busybox\nRUN sleep 600\n', { run, signal: abort.signal });
    expect(problem.code).toBe('canceled');
    expect(fixture.leftovers()).toEqual([]);
  });

  test('when one stage fails the others are stopped', async () => {
    const text =
      'FROM busybox AS a\nRUN sleep 600\nFROM busybox AS b\nRUN exit 9\n' +
      'FROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n';
    const problem = await fixture.fail(text);
    expect(problem.message).toContain('exited with 9');
    expect(fixture.leftovers()).toEqual([]);
  });
});

test('stages that do not wait for each other run side by side, two at a time', async () => {
  let running = 0;
  let most = 0;
  let pair: (() => void) | undefined;
  const together = new Promise<void>((resolve) => {
    pair = resolve;
  });
  const run = async (): Promise<{ readonly code: number }> => {
    running += 1;
    most = Math.max(most, running);
    if (running === 2) pair?.();
    await together;
    running -= 1;
    return { code: 0 };
  };
  const stages = ['a', 'b', 'c', 'd'];
  const text = stages.map((name) => `FROM busybox AS ${name}\nRUN echo ${name}\n`).join('');
  const copies = stages.map((name) => `COPY --from=${name} /etc/passwd /${name}\n`).join('');
  await fixture.build(`${text}FROM busybox\n${copies}`, { run, noCache: true });
  expect(most).toBe(2);
});
