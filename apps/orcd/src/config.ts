/** The daemon's configuration file (schemas/orcd.schema.json); all keys are optional, unknown ones are refused. */
import { readFileSync } from 'node:fs';
import { fail, type Problem } from '@orc/model';

export type Config = {
  /** Subnets are taken from these. */
  readonly addressPools?: readonly string[];
  /** Refuse to add accept rules to other firewalls' chains. */
  readonly noHostFirewall?: boolean;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  readonly labels?: Readonly<Record<string, string>>;
};

export const DEFAULT_CONFIG_FILE = '/etc/orc/orcd.json';

type Check = (value: unknown) => string | undefined;
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const LEVELS = ['debug', 'info', 'warn', 'error'];

const KEYS: Readonly<Record<keyof Config | '$schema', Check>> = {
  $schema: () => undefined,
  addressPools: (value) =>
    Array.isArray(value) && value.every((each) => /^[\d.]+\/\d+$/.test(String(each)))
      ? undefined
      : 'a list of subnets such as "10.128.0.0/10"',
  noHostFirewall: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  logLevel: (value) => (LEVELS.includes(String(value)) ? undefined : `one of ${LEVELS.join(', ')}`),
  labels: (value) =>
    isMap(value) && Object.values(value).every((each) => typeof each === 'string')
      ? undefined
      : 'a map of strings',
};

/** A missing file is an empty one, unless it was named. */
export function readConfig(file: string | undefined): Config {
  const path = file ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw fail('input.missing', `cannot read the configuration ${path}: ${(error as Error).message}`);
  }
  return parseConfig(text, path);
}

export function parseConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail('input.invalid', `${path} is not JSON: ${(error as Error).message}`);
  }
  if (!isMap(value)) throw fail('input.invalid', `${path} holds no object`);
  const problems = Object.entries(value).flatMap(([key, each]) => checkKey(key, each));
  if (problems.length > 0)
    throw fail('input.invalid', `${path}: ${problems.map((problem) => problem.message).join('; ')}`, {
      hint: 'schemas/orcd.schema.json describes the file',
    });
  return value as Config;
}

function checkKey(key: string, value: unknown): Problem[] {
  const check = (KEYS as Record<string, Check | undefined>)[key];
  if (check === undefined) return [{ code: 'input.invalid', message: `unknown key "${key}"` }];
  const wanted = check(value);
  return wanted === undefined ? [] : [{ code: 'input.invalid', message: `"${key}" must be ${wanted}` }];
}
