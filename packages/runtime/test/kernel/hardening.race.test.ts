/** CVE-2021-30465 and CVE-2024-45310: a container swaps a mount's target for a link while another one starts on it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OrcError } from '@orc/model';
import type { Running } from '../../src/index.ts';
import { ATTACH_OUT, type Fixture, follow, NATIVE, openFixture, runShell } from './fixture.ts';

/** `/vol/a` is there at every instant: the folder itself, or a link to one of its arguments. */
const FLIPPER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char names[] = "0123456789";
  if (chdir("/vol") || mkdir("a", 0777)) return 1;
  for (int i = 1; i < argc; i++) {
    char name[] = {names[i], 0};
    if (symlink(argv[i], name)) return 1;
  }
  for (puts("up"), fflush(stdout);;)
    for (int i = 0; i < 2 * (argc - 1); i++) {
      char name[] = {names[i / 2 + 1], 0};
      renameat2(AT_FDCWD, "a", AT_FDCWD, name, RENAME_EXCHANGE);
      usleep(50);
    }
}
`;

function buildFlipper(fixture: Fixture): void {
  const source = join(fixture.folder, 'flipper.c');
  writeFileSync(source, FLIPPER);
  execFileSync('cc', ['-static', '-O1', '-o', join(fixture.layer, 'bin/flipper'), source]);
}

type Results = { mounted: number; refused: number; outside: number };
type Scene = { readonly host: string; readonly flipper: Running; round(): Promise<'mounted' | 'refused'> };

/** One container flips `/vol/a` between a folder and links out; each round starts another one that mounts on `/vol/a/b`. */
async function openScene(fixture: Fixture): Promise<Scene> {
  const host = mkdtempSync(join(fixture.folder, 'host-'));
  writeFileSync(join(host, 'marker'), 'untouched\n');
  const shared = mkdtempSync(join(fixture.folder, 'shared-'));
  const other = mkdtempSync(join(fixture.folder, 'other-'));
  writeFileSync(join(other, 'inside'), 'volume\n');
  const vol = { type: 'bind', source: shared, target: '/vol' } as const;
  buildFlipper(fixture);
  const climb = `../../../../../../..${host}`;
  const command = ['flipper', host, '/', climb];
  const request = fixture.request({ command }, { mounts: [vol], attach: ATTACH_OUT });
  const flipper = await fixture.runtime.start(request);
  const seen = follow(flipper.attachment);
  await expect.poll(() => seen.text).toContain('up');
  const mounts = [vol, { type: 'bind', source: other, target: '/vol/a/b' }] as const;
  const round = async (): Promise<'mounted' | 'refused'> => {
    try {
      const { out } = await runShell(fixture, 'cat /vol/*/b/inside /b/inside 2>&-', {}, { mounts });
      expect(out.replaceAll('volume\n', '')).toBe('');
      return 'mounted';
    } catch (error) {
      if (!(error instanceof OrcError)) throw error;
      expect(error.problem.code).toMatch(/^start\./);
      return 'refused';
    }
  };
  return { host, flipper, round };
}

async function play(
  fixture: Fixture,
  rounds: number,
  enough: (results: Results) => boolean,
): Promise<Results> {
  const { host, flipper, round } = await openScene(fixture);
  const results = { mounted: 0, refused: 0, outside: 0 };
  for (let at = 0; at < rounds && !enough(results); at += 1) {
    results[await round()] += 1;
    results.outside += readdirSync(host).length - 1;
  }
  await flipper.kill();
  await flipper.exited;
  return results;
}

const STARTS = 500;
/** Mostly a few will do. */
const CONTROL_STARTS = 1000;

describe('the launcher', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture();
  });
  afterAll(() => fixture?.close());

  test('nothing is mounted or made outside of the root', async () => {
    const results = await play(fixture, STARTS, () => false);
    expect(results.mounted + results.refused).toBe(STARTS);
    expect(results.mounted).toBeGreaterThan(0);
    expect(results.outside).toBe(0);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(fixture.folder);
  }, 120_000);
});

describe('one that follows links out of the root, as a control', () => {
  let fixture: Fixture;
  let native: string;
  beforeAll(async () => {
    native = mkdtempSync(join(tmpdir(), 'orc-following-'));
    fixture = await openFixture(buildFollowing(native));
  });
  afterAll(async () => {
    await fixture?.close();
    rmSync(native, { recursive: true, force: true });
  });

  test('is caught by the same race', async () => {
    const { outside } = await play(fixture, CONTROL_STARTS, (results) => results.outside > 0);
    expect(outside).toBeGreaterThan(0);
  }, 120_000);
});

/** Paths begin at the root still, and links lead where they say. */
function buildFollowing(folder: string): string {
  cpSync(NATIVE, folder, { recursive: true, filter: (path) => !/\/build(\/|$)/.test(path) });
  const source = join(folder, 'inroot.c');
  const text = readFileSync(source, 'utf8');
  const weak = text
    .replace('RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve', '0 * resolve')
    .replace('*path ? path : "/"', 'path[strspn(path, "/")] ? path + strspn(path, "/") : "."');
  expect(weak).toMatch(/0 \* resolve[^]*strspn/);
  writeFileSync(source, weak);
  execFileSync('sh', [join(folder, 'build.sh')], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'build/orc-launch');
}
