import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblem, OrcError } from '@orc/model';
import { expect, test } from 'vitest';
import { parseConfig, readConfig } from '../src/config.ts';

function said(text: string): readonly string[] {
  try {
    parseConfig(text, 'orcd.json');
    return [];
  } catch (error) {
    const { problem } = error as OrcError;
    return [problem, ...(problem.others ?? [])].map(formatProblem);
  }
}

test('every key, and none, is accepted', () => {
  const whole = {
    $schema: 'https://orc.invalid/schemas/orcd.schema.json',
    addressPools: ['10.128.0.0/10'],
    noHostFirewall: true,
    logLevel: 'debug',
    labels: { disk: 'ssd' },
  };
  expect(parseConfig(JSON.stringify(whole), 'orcd.json')).toEqual(whole);
  expect(parseConfig('{}', 'orcd.json')).toEqual({});
});

const DESCRIBED = '  hint: schemas/orcd.schema.json describes the file';

test('every wrong place is told at once, with what was meant', () => {
  expect(said('{"loglevel":"info","logLevel":"wran","addressPools":["10.0.0.0"],"labels":{"a":1}}')).toEqual([
    'orcd.json: configuration has an unknown field loglevel\n  hint: did you mean logLevel?',
    `orcd.json: configuration.addressPools[0] is not a subnet such as 10.128.0.0/10\n${DESCRIBED}`,
    'orcd.json: configuration.logLevel is not one of debug, info, warn, error\n  hint: did you mean warn?',
    `orcd.json: configuration.labels.a is not a string\n${DESCRIBED}`,
  ]);
});

test.each([
  ['[]', `orcd.json: configuration is not an object\n${DESCRIBED}`],
  ['{"noHostFirewall":"yes"}', `orcd.json: configuration.noHostFirewall is not true or false\n${DESCRIBED}`],
])('%s is refused', (text, problem) => expect(said(text)).toEqual([problem]));

test('what is no JSON is said to be none', () => {
  expect(said('{"logLevel":')[0]).toContain('orcd.json is not JSON');
});

test('a file that was named must be there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-config-'));
  try {
    expect(() => readConfig(join(folder, 'none.json'))).toThrow('none.json cannot be read: ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
