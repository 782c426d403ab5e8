/** `--secret id=token,src=token.txt` of a build, as docker reads it. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '@orc/model';
import type { Io } from '../cli/io.ts';
import { SECRET_BYTES_MAX } from '../limits.ts';

type Outer = Pick<Io, 'cwd' | 'env'>;

/** Contents by id, base 64. */
export function secretsFrom(words: readonly string[], outer: Outer): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const { id, ...source } = parseSecret(word);
      return [id, contentOf(id, source, outer).toString('base64')];
    }),
  );
}

type Source = { readonly file?: string | undefined; readonly env?: string | undefined };

const USUAL = 'write id=token,src=token.txt or id=token,env=TOKEN';

function parseSecret(word: string): Source & { readonly id: string } {
  const fields = new Map<string, string>();
  for (const part of word.split(',')) {
    const at = part.indexOf('=');
    const key = part.slice(0, at).trim().toLowerCase();
    if (at < 1 || !['type', 'id', 'src', 'source', 'env'].includes(key))
      throw fail('usage.invalid', `--secret ${word} has the unknown part ${part}`, { hint: USUAL });
    fields.set(key === 'source' ? 'src' : key, part.slice(at + 1));
  }
  const [id = '', type] = [fields.get('id'), fields.get('type')];
  if (id === '') throw fail('usage.invalid', `--secret ${word} has no id`, { hint: USUAL });
  if (type !== undefined && type !== 'file' && type !== 'env')
    throw fail('usage.invalid', `--secret ${word} has the unknown type ${type}`, { hint: 'file or env' });
  const [src, env] = [fields.get('src'), fields.get('env')];
  return type === 'env' ? { id, env: env ?? src ?? id } : { id, file: src, env };
}

/** Without either: the variable of that name, or else the file. */
function contentOf(id: string, { file, env }: Source, { cwd, env: variables }: Outer): Buffer {
  const name = env ?? (file === undefined && variables[id] !== undefined ? id : undefined);
  if (name === undefined) return readSecret(id, resolve(cwd, file ?? id));
  const value = variables[name];
  if (value !== undefined) return Buffer.from(value);
  throw fail('input.missing', `the variable ${name} of the secret ${id} is not set`, {
    hint: `set it: ${name}=… orc image build`,
  });
}

function readSecret(id: string, path: string): Buffer {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== false)
    throw fail('input.missing', `the file ${path} of the secret ${id} is not there`, {
      hint: `name it: --secret id=${id},src=FILE`,
    });
  const content = readFileSync(path);
  if (content.length > SECRET_BYTES_MAX)
    throw fail('input.toolarge', `the file ${path} of the secret ${id} has over ${SECRET_BYTES_MAX} bytes`);
  return content;
}
