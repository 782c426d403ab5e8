/** Loading from a map of files or from a folder, for tests. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Fact, type LoadInput, type Resolved, loadProject } from '../src/index.ts';

const CORPUS = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url));

/** The corpus beside the repository, or undefined after saying that it is not there. */
export function corpusFolder(part: string): string | undefined {
  const folder = `${CORPUS}${part}`;
  if (existsSync(folder)) return folder;
  console.log(`the corpus is not there: ${part} is not run`);
  return undefined;
}

export function factFromDisk(path: string): Fact {
  if (!existsSync(path)) return { kind: 'missing' };
  if (statSync(path).isDirectory()) return { kind: 'directory' };
  return { kind: 'file', data: readFileSync(path) };
}

type Input = Omit<LoadInput, 'facts' | 'cwd' | 'environment'> & {
  cwd: string;
  environment?: Record<string, string>;
};

export function load(input: Input, read: (path: string) => Fact): Resolved {
  const facts = new Map<string, Fact>();
  for (let round = 0; round < 100; round += 1) {
    const result = loadProject({ environment: {}, ...input, facts });
    if (result.kind === 'done') return result;
    for (const { path } of result.paths) facts.set(path, read(path));
  }
  throw new Error('the load asks for facts without end');
}

/** Files by their path below `/dir`. */
export function loadFiles(files: Readonly<Record<string, string>>, input: Partial<Input> = {}): Resolved {
  const byPath = new Map(
    Object.entries(files).map(([path, text]) => [/^[-/]/.test(path) ? path : `/dir/${path}`, text]),
  );
  const read = (path: string): Fact => {
    const text = byPath.get(path);
    if (text !== undefined) return { kind: 'text', text };
    const isFolder = [...byPath.keys()].some((each) => each.startsWith(`${path}/`));
    return { kind: isFolder ? 'directory' : 'missing' };
  };
  return load({ cwd: '/dir', ...input }, read);
}
