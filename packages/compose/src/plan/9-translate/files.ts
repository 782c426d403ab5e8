/** Secrets and configs with their contents: the daemon cannot read the files of the client. */
import type { ProjectFile } from '@orc/model';
import { LIMITS } from '../../limits.ts';
import type { ModelFile } from '../../compose-model.ts';
import { factOf, report, shownName } from '../loading.ts';
import { nearest } from '../node.ts';
import { type Translating, defined } from './context.ts';

type Section = 'secrets' | 'configs';

const KINDS = { secrets: 'secret', configs: 'config' } as const;

export function filesOf(
  context: Translating,
  section: Section,
  variables: ReadonlyMap<string, string>,
): readonly ProjectFile[] {
  const used = new Set(
    Object.values(context.model.services).flatMap((each) =>
      (each[section] ?? []).map(({ source }) => source),
    ),
  );
  return Object.entries(context.model[section] ?? {})
    .filter(([key]) => used.has(key))
    .map(([key, file]) => {
      const data = file.external ? undefined : contentOf(context, section, key, file, variables);
      const base64 = data === undefined ? undefined : Buffer.from(data).toString('base64');
      return defined({
        name: file.name,
        key,
        external: file.external === true,
        data: base64,
        labels: file.labels,
      });
    });
}

function contentOf(
  context: Translating,
  section: Section,
  key: string,
  file: ModelFile,
  variables: ReadonlyMap<string, string>,
): Uint8Array | string | undefined {
  const data =
    file.content ??
    (file.environment === undefined
      ? undefined
      : variableContent(context, section, key, file.environment, variables)) ??
    (file.file === undefined ? undefined : fileContent(context, section, key, file.file));
  const sizeMax = section === 'secrets' ? LIMITS.secretBytesMax : LIMITS.configBytesMax;
  if (data !== undefined && Buffer.byteLength(data) > sizeMax) {
    refuse(context, section, key, `is larger than ${sizeMax} bytes`, 'mount it as a volume');
  }
  return data;
}

/** Only what makes containers needs it: other verbs go on without. */
function variableContent(
  context: Translating,
  section: Section,
  key: string,
  name: string,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  const value = variables.get(name);
  if (value !== undefined) return value;
  const node = nearest(context.tree, [section, key, 'environment']);
  const message = `${KINDS[section]} "${key}": environment variable "${name}" required by it is not set`;
  report(context.loading, 'compose.interpolation', node, message, { hint: `set it: ${name}=…` });
  return undefined;
}

function fileContent(
  context: Translating,
  section: Section,
  key: string,
  path: string,
): Uint8Array | string | undefined {
  const fact = factOf(context.loading, path);
  if (fact === undefined) return undefined;
  if (fact.kind === 'file') return fact.data;
  if (fact.kind === 'text') return fact.text;
  const name = shownName(context.loading, path);
  if (fact.kind === 'missing') refuse(context, section, key, `${name} not found`, 'make it');
  else if (fact.kind === 'directory')
    refuse(context, section, key, `${name} is a directory`, 'mount it as a volume');
  else refuse(context, section, key, `${name} cannot be read: ${fact.message}`);
  return undefined;
}

function refuse(context: Translating, section: Section, key: string, why: string, hint?: string): void {
  const node = nearest(context.tree, [section, key, 'file']);
  report(context.loading, 'compose.file', node, `${KINDS[section]} "${key}": ${why}`, { hint });
}
