/** The daemon's configuration file, as schemas/orcd.schema.json has it: all keys are optional, unknown ones are refused. */
import { readFileSync } from 'node:fs';
import { fail, OrcError, type Problem } from '@orc/model';
import { DaemonConfig, problemsOf } from '@orc/model/documents';

export type Config = DaemonConfig;

export const DEFAULT_CONFIG_FILE = '/etc/orc/orcd.json';

/** A missing file is an empty one, unless it was named. */
export function readConfig(file: string | undefined): Config {
  const path = file ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const { code } = error as NodeJS.ErrnoException;
    throw fail('input.missing', `the configuration ${path} cannot be read: ${code}`, {
      hint: 'name a file that is there, or leave --config out',
    });
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
  if (DaemonConfig(value)) return value;
  const problems = problemsOf(DaemonConfig.errors ?? [], 'configuration').map((each) => inFile(each, path));
  const [first, ...others] = problems;
  throw new OrcError({ ...(first as Problem), others });
}

const inFile = (problem: Problem, file: string): Problem => ({
  ...problem,
  where: { file },
  hint: problem.hint ?? 'schemas/orcd.schema.json describes the file',
});
