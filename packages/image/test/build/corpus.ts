/** Dockerfiles of others, where they lie beside the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CORPUS = fileURLToPath(new URL('../../../../../shared/corpus/dockerfile/', import.meta.url));

/** `undefined`, said on the console, when the corpus is not there. */
export const corpus: string | undefined = existsSync(CORPUS) ? CORPUS : undefined;
if (corpus === undefined) console.log('the corpus is not there: its Dockerfiles are not parsed');

export type Case = { readonly name: string; readonly text: string; readonly result?: string };

export function casesOf(prefix: string): readonly Case[] {
  if (corpus === undefined) return [];
  const names = readdirSync(corpus).filter(
    (name) => name.startsWith(prefix) && existsSync(`${corpus}${name}/Dockerfile`),
  );
  return names.map((name) => {
    const result = `${corpus}${name}/result`;
    const text = readFileSync(`${corpus}${name}/Dockerfile`, 'utf8');
    return existsSync(result) ? { name, text, result: readFileSync(result, 'utf8').trim() } : { name, text };
  });
}

export type Snippet = { readonly func: string; readonly dockerfile: string };
export const snippets = (): readonly Snippet[] =>
  corpus === undefined
    ? []
    : (JSON.parse(readFileSync(`${corpus}snippets/snippets.json`, 'utf8')) as Snippet[]);

export const tableOf = (name: string): readonly string[] =>
  corpus === undefined ? [] : readFileSync(`${corpus}shell__${name}/${name}`, 'utf8').split('\n');
