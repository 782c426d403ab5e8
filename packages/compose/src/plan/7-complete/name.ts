/**
 * The project's name: `-p`, COMPOSE_PROJECT_NAME, `name:` of the last file that has one, the directory's
 * name.
 */
import { posix } from 'node:path';
import { normalisedProjectName, projectNameFault } from '@orc/model';
import { documentsOf } from '../1-read/files.ts';
import type { Inputs } from '../1-read/inputs.ts';
import { expand } from '../3-interpolate/template.ts';
import { type Loading, report } from '../loading.ts';
import { type Node, get, textOf } from '../node.ts';

/**
 * Known before interpolation, which may ask for it. Undefined while files are missing or when it is
 * refused.
 */
export function projectName(loading: Loading, inputs: Inputs): string | undefined {
  if (inputs.name !== undefined) return checked(loading, inputs.name, undefined);
  const written = writtenName(loading, inputs);
  if (written === 'pending') return undefined;
  if (written !== undefined) return checked(loading, written.name, written.node);
  const name = normalisedProjectName(posix.basename(inputs.projectDir));
  if (name !== '') return name;
  report(loading, 'compose.file', undefined, `the directory ${inputs.projectDir} gives the project no name`, {
    hint: 'name it with -p, or write `name:` at the top of the file',
  });
  return undefined;
}

function writtenName(loading: Loading, inputs: Inputs): { name: string; node: Node } | 'pending' | undefined {
  let last: { name: string; node: Node } | undefined;
  let pending = false;
  for (const path of inputs.files) {
    const documents = documentsOf(loading, path, undefined);
    if (documents === undefined) pending = true;
    for (const document of documents ?? []) {
      const node = get(document, 'name');
      const text = textOf(node);
      if (node === undefined || text === undefined || node.tag === 'reset') continue;
      last = {
        node,
        name: loading.interpolate ? expand(text, (name) => inputs.variables.get(name)).text : text,
      };
    }
  }
  return pending ? 'pending' : last;
}

function checked(loading: Loading, name: string, node: Node | undefined): string | undefined {
  if (!loading.interpolate && name.includes('$')) return name;
  const fault = projectNameFault(name);
  if (fault === undefined) return name;
  report(loading, node === undefined ? 'usage.invalid' : 'compose.schema', node, fault.message, {
    hint: fault.hint,
  });
  return undefined;
}
