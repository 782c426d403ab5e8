/** Parser directives: `# syntax=`, `# escape=` and `# check=` above everything else in the file. */
import type { Problem } from '@orc/model';
import { type Source, syntaxProblem, whereAt } from './source.ts';

export type Directives = { readonly escape: '\\' | '`'; readonly syntax?: string; readonly check?: string };

const DIRECTIVE = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const KNOWN = new Set(['syntax', 'escape', 'check']);
/** The frontends whose language is the one implemented here. */
const OWN_FRONTEND = /^(docker\.io\/)?docker\/dockerfile(-upstream)?([:@].*)?$/;

export function readDirectives(source: Source): { directives: Directives; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const found = new Map<string, string>();
  for (const [index, text] of source.lines.entries()) {
    const match = DIRECTIVE.exec(text);
    const name = match?.[1]?.toLowerCase() ?? '';
    if (match === null || !KNOWN.has(name)) break;
    const message = refusal(name, match[2] ?? '', found);
    if (message !== undefined)
      problems.push(syntaxProblem(message[0], whereAt(source, index + 1, 1), message[1]));
    else found.set(name, match[2] ?? '');
  }
  return { directives: settle(found), problems };
}

function refusal(
  name: string,
  value: string,
  found: ReadonlyMap<string, string>,
): [string, string] | undefined {
  if (found.has(name)) return [`directive ${name} stands twice`, 'keep one of them'];
  if (name === 'escape' && value !== '\\' && value !== '`') {
    return [`${JSON.stringify(value)} cannot be the escape character`, 'write \\ or `'];
  }
  if (name === 'syntax' && !OWN_FRONTEND.test(value)) {
    return [
      `frontend ${value} cannot be run`,
      'only the language of docker/dockerfile is built in; remove the line',
    ];
  }
  return undefined;
}

function settle(found: ReadonlyMap<string, string>): Directives {
  const [syntax, check] = [found.get('syntax'), found.get('check')];
  return {
    escape: found.get('escape') === '`' ? '`' : '\\',
    ...(syntax === undefined ? {} : { syntax }),
    ...(check === undefined ? {} : { check }),
  };
}
