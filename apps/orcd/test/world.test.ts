/** The real clock and the daemon's log, where the process or the disk would betray them. */
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placesOf } from '@orc/api';
import { LIMITS } from '../src/limits.ts';
import { mustBeOurs } from '../src/own-files.ts';
import { realClock } from '../src/world.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-world-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a time that no timer of the process takes does not go off at once', async () => {
  let rung = false;
  const cancel = realClock.after(LIMITS.timerMsMax + 1000, () => {
    rung = true;
  });
  await realClock.sleep(50);
  cancel();
  expect(rung).toBe(false);
});

test('a sleep that is cut leaves nothing with the signal, and one that is cut already does not begin', async () => {
  const abort = new AbortController();
  await realClock.sleep(1, abort.signal);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  abort.abort();
  await realClock.sleep(3_600_000, abort.signal);
});

const child = `
import { openLogFile } from ${JSON.stringify(join(import.meta.dirname, '../src/log-file.ts'))};
const [file, lines] = process.argv.slice(1);
const log = openLogFile(file);
for (let at = 0; at < Number(lines); at += 1) log.write('x'.repeat(65535) + '\\n');
console.error('alive');
`;
const write = (file: string, to: string, flags: string, lines: number): string => {
  const out = openSync(to, flags);
  try {
    const args = [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      child,
      file,
      String(lines),
    ];
    return spawnSync(process.execPath, args, { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' }).stderr;
  } finally {
    closeSync(out);
  }
};

test('a full disk does not end who logs to it', () => {
  expect(write(join(folder, 'log'), '/dev/full', 'w', 3)).toBe('alive\n');
});

test('its own file is begun anew when it is large, and nobody else\u2019s', () => {
  const [own, other] = [join(folder, 'own'), join(folder, 'other')];
  writeFileSync(own, 'before\n');
  const lines = LIMITS.logBytesMax / 65536 + 2;
  expect(write(own, own, 'a', lines)).toBe('alive\n');
  expect(readFileSync(`${own}.1`, 'latin1').startsWith('before\n')).toBe(true);
  expect(statSync(own).size + statSync(`${own}.1`).size).toBe(lines * 65536 + 'before\n'.length);
  write(own, other, 'a', lines);
  expect(statSync(other).size).toBe(lines * 65536);
});

test('an instance does not sit down among other things', () => {
  const places = placesOf({ ORC_ROOT: folder });
  mustBeOurs(places);
  writeFileSync(join(folder, 'daemon.log'), '');
  mustBeOurs(places);
  writeFileSync(join(folder, 'thesis.txt'), 'years');
  expect(() => mustBeOurs(places)).toThrow('holds other things than an instance of orc: thesis.txt');
});
