import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '@orc/model';
import { describe, expect, test } from 'vitest';
import { KNOWN_EXPECT } from './corpus-known.ts';
import { type Expectation, differences } from './expect.ts';
import { corpusFolder, load } from './support.ts';

type Case = {
  name: string;
  files: Record<string, string>;
  env?: Record<string, string>;
  args?: {
    files?: string[];
    envFiles?: string[];
    profiles?: string[];
    services?: string[];
    projectName?: string;
    projectDirectory?: string;
    dirName?: string;
    cwd?: string;
  };
  expect?: Expectation;
  errorContains?: string;
  errorMentions?: string[];
};

/** What is wrong with the answer to a case; empty when it is right. */
export function verdict(each: Case): string {
  const folder = `/cases/${each.args?.dirName ?? 'case'}`;
  const { dirName: _, cwd, services, ...args } = each.args ?? {};
  const texts = new Map(Object.entries(each.files).map(([path, text]) => [join(folder, path), text]));
  const result = load(
    {
      cwd: cwd === undefined ? folder : join(folder, cwd),
      environment: { PATH: '/usr/bin', ...each.env },
      options: { translate: false, ...(services === undefined ? {} : { services }) },
      ...args,
    },
    (path) => {
      const text = texts.get(path);
      return text === undefined ? { kind: 'missing' } : { kind: 'text', text };
    },
  );
  const said = result.problems
    .filter((problem) => problem.severity !== 'warning')
    .map(formatProblem)
    .join('\n');
  if (each.expect !== undefined) {
    return result.model === undefined
      ? `refused: ${said}`
      : differences(result.model, each.expect, folder).join('\n');
  }
  if (said === '') return `accepted, where "${each.errorContains}" is due`;
  const missing = (each.errorMentions ?? []).filter(
    (word) => !said.toLowerCase().includes(word.toLowerCase()),
  );
  return missing.length === 0 ? '' : `does not mention ${missing.join(', ')}: ${said}`;
}

const folder = corpusFolder('compose-expect');
const groups = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.json'));

describe.skipIf(folder === undefined)('the expectations of the corpus', () => {
  for (const group of groups) {
    const cases = JSON.parse(readFileSync(join(folder as string, group), 'utf8')) as Case[];
    describe(group, () => {
      for (const each of cases) {
        const reason = KNOWN_EXPECT[`${group.replace('.json', '')}: ${each.name}`];
        test(each.name, () => {
          if (reason === undefined) expect(verdict(each)).toBe('');
          else expect(verdict(each), `known not to hold (${reason}), and now it does`).not.toBe('');
        });
      }
    });
  }
});
