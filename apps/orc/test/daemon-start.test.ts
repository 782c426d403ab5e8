/** What is said of a daemon that did not start: its own last words, and nothing of other days. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrcError } from '@orc/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failedStart } from '../src/cli/daemon.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-daemon-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OLD = 'error: of yesterday\n  hint: forget it\n    at somewhere (file.ts:1:2)\n';

function said(text: string, before = OLD): readonly (string | undefined)[] {
  const log = join(folder, 'daemon.log');
  writeFileSync(log, before + text);
  const error = failedStart(1, { log, from: Buffer.byteLength(OLD) });
  if (!(error instanceof OrcError)) throw error;
  return [error.problem.message, error.problem.hint];
}

test('a problem is told as one', () => {
  expect(said('{"msg":"x"}\nerror: a daemon runs for /r already\n  hint: set ORC_ROOT\n')).toEqual([
    'the daemon did not start: a daemon runs for /r already',
    'set ORC_ROOT',
  ]);
});

test('anything else is shown as it stands, without what stood there before', () => {
  const hint = `see ${join(folder, 'daemon.log')}`;
  expect(said('error: boom\nError: boom\n    at x\n')).toEqual([
    'the daemon ended at its start (1)\n  error: boom\n  Error: boom\n      at x',
    hint,
  ]);
  expect(said('')).toEqual(['the daemon ended at its start (1)', hint]);
});

test('a log that was begun anew is read from its beginning', () => {
  expect(said('error: new\n  hint: h\n', '')).toEqual(['the daemon did not start: new', 'h']);
});
