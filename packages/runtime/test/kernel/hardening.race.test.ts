/** CVE-2021-30465 and CVE-2024-45310: a container swaps a mount's target for a link while another one starts on it. */
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OrcError } from '@orc/model';
import { ATTACH_OUT, collect, type Fixture, openFixture, shell } from './fixture.ts';

const STARTS = 150;
let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

test('nothing is mounted or made outside of the root', async () => {
  const host = mkdtempSync(join(fixture.folder, 'host-'));
  writeFileSync(join(host, 'marker'), 'untouched\n');
  const shared = mkdtempSync(join(fixture.folder, 'shared-'));
  const other = mkdtempSync(join(fixture.folder, 'other-'));
  mkdirSync(join(shared, 'real'));
  writeFileSync(join(other, 'inside'), 'volume\n');
  const vol = { type: 'bind', source: shared, target: '/vol' } as const;

  const flip = `cd /vol; ln -s ${host} out; ln -s / root; ln -s ../../../../../../..${host} climb; mkdir -p d
    while :; do mv -T d a; mv -T a d; mv -T out a; mv -T a out; mv -T root a; mv -T a root; mv -T climb a; mv -T a climb; done 2>&-`;
  const flipper = await fixture.runtime.start(fixture.request(shell(flip), { mounts: [vol] }));

  const results = { mounted: 0, refused: 0 };
  for (let at = 0; at < STARTS; at += 1) {
    const mounts = [vol, { type: 'bind', source: other, target: '/vol/a/b' }] as const;
    const request = fixture.request(shell('cat /vol/*/b/inside /b/inside 2>&-'), {
      mounts,
      attach: ATTACH_OUT,
    });
    try {
      const running = await fixture.runtime.start(request);
      const { out } = await collect(running.attachment);
      await running.exited;
      expect(out.replaceAll('volume\n', '')).toBe('');
      results.mounted += 1;
    } catch (error) {
      if (!(error instanceof OrcError)) throw error;
      expect(error.problem.code).toMatch(/^start\./);
      results.refused += 1;
    }
    expect(readdirSync(host)).toEqual(['marker']);
  }
  await flipper.kill();
  await flipper.exited;
  expect(results.mounted + results.refused).toBe(STARTS);
  expect(results.mounted).toBeGreaterThan(0);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(fixture.folder);
}, 120_000);
