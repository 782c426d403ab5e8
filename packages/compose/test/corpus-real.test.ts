import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatProblem } from '@orc/model';
import { describe, expect, test } from 'vitest';
import { type Resolved, renderJson, renderYaml } from '../src/index.ts';
import { KNOWN_FIXTURES, KNOWN_REAL } from './corpus-known.ts';
import { corpusFolder, factFromDisk, load, loadFiles } from './support.ts';

type Real = { name: string; folder: string; mains: string[] };

function casesOf(part: string): readonly Real[] {
  const folder = corpusFolder(part);
  if (folder === undefined) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => {
      const source = readFileSync(join(folder, name, 'SOURCE'), 'utf8');
      const mains = [...source.matchAll(/^main: (.*)$/gm)].map((found) => found[1] as string);
      return { name, folder: join(folder, name, 'files'), mains };
    });
}

const loadCase = (each: Real, envFiles: string[]): Resolved =>
  load(
    {
      cwd: dirname(join(each.folder, each.mains[0] ?? '')),
      files: each.mains.map((main) => join(each.folder, main)),
      profiles: ['*'],
      envFiles,
      environment: { HOME: '/root' },
      options: { translate: false },
    },
    factFromDisk,
  );

/** Projects ship an example of the `.env` that their users make. */
function exampleEnv(each: Real): string[] {
  const home = dirname(join(each.folder, each.mains[0] ?? ''));
  if (existsSync(join(home, '.env'))) return [];
  return EXAMPLES.map((name) => join(home, name))
    .filter((path) => existsSync(path))
    .slice(0, 1);
}
const EXAMPLES = ['.env.example', 'example.env', '../.env.example'];

/** What a file may be refused for although it is right: things that only its author's machine has. */
const EXPECTED_REFUSAL =
  /required variable .* is missing a value|not found|environment variable ".*" required by it is not set/;

function refusals(result: Resolved): readonly string[] {
  return result.problems
    .filter((each) => each.severity !== 'warning' && !EXPECTED_REFUSAL.test(each.message))
    .map(formatProblem);
}

const real = casesOf('compose-real');
describe.skipIf(real.length === 0)('real compose files', () => {
  for (const each of real) {
    const reason = KNOWN_REAL[each.name];
    test(each.name, () => {
      const result = loadCase(each, exampleEnv(each));
      if (reason !== undefined) expect(refusals(result), `known to be refused (${reason})`).not.toEqual([]);
      else expect(refusals(result)).toEqual([]);
      if (result.model !== undefined) printsWhatItReads(result);
    });
  }
});

const fixtures = casesOf('compose-fixtures');
describe.skipIf(fixtures.length === 0)('inputs of the tests of other implementations', () => {
  for (const each of fixtures) {
    const reason = KNOWN_FIXTURES[each.name];
    test(each.name, () => {
      const result = loadCase(each, exampleEnv(each));
      if (reason !== undefined) expect(refusals(result), `known to be refused (${reason})`).not.toEqual([]);
      else expect(refusals(result)).toEqual([]);
    });
  }
});

/** What `config` prints is a compose file that means the same. */
function printsWhatItReads(result: Resolved): void {
  const model = result.model as NonNullable<Resolved['model']>;
  for (const text of [renderYaml(model), renderJson(model)]) {
    const again = loadFiles({ 'compose.yaml': text }, { profiles: ['*'], options: { translate: false } });
    expect(again.problems.filter((each) => each.severity !== 'warning').map(formatProblem)).toEqual([]);
    expect(again.model).toEqual(model);
  }
}

describe.skipIf(real.length === 0)('what docker-compose 1.29.2 said of them', () => {
  for (const each of real) {
    const oracle = join(each.folder, '..', 'oracle-1.29.2.json');
    if (!existsSync(oracle)) continue;
    test(each.name, () => {
      const { model } = loadCase(each, []);
      if (model === undefined) return;
      const wanted = JSON.parse(readFileSync(oracle, 'utf8')) as {
        config: { services: Record<string, OldService> };
      };
      for (const [name, old] of Object.entries(wanted.config.services)) {
        const service = model.services[name];
        expect(service, `service ${name}`).toBeDefined();
        // It knew no defaults within defaults.
        if (old.image !== undefined && !old.image.includes('$'))
          expect(service?.image).toBe(undoubled(old.image));
        expect(withoutNulls(service?.labels)).toMatchObject(undoubled(old.labels ?? {}));
        expect(Object.keys(service?.environment ?? {})).toEqual(
          expect.arrayContaining(Object.keys(old.environment ?? {})),
        );
      }
    });
  }
});

type OldService = {
  image?: string;
  labels?: Record<string, string>;
  environment?: Record<string, string | null>;
};
const undoubled = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('$$', '$')) as T;
const withoutNulls = (map: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(map ?? {}).filter(([, value]) => value !== null));
