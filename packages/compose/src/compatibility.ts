/**
 * The table of attributes as Markdown: what is honoured, emulated, without effect, or refused and what to
 * do instead.
 */
import type { Honour, Row } from './plan/attributes/row.ts';
import { ATTRIBUTES } from './plan/attributes/table.ts';

export type { Honour, Row } from './plan/attributes/row.ts';
export { ATTRIBUTES } from './plan/attributes/table.ts';

export function compatibilityTable(rows: readonly Row[] = ATTRIBUTES): string {
  const lines = rows.map((row) => `| \`${row.path}\` | ${statusOf(row.honour)} | ${notesOf(row.honour)} |`);
  return ['| attribute | | |', '| --- | --- | --- |', ...lines, ''].join('\n');
}

const STATUS = {
  yes: 'honoured',
  emulated: 'emulated',
  noeffect: 'no effect',
  no: 'refused',
  only: 'partly',
} as const;

const statusOf = (honour: Honour): string => STATUS[honour.kind];

function notesOf(honour: Honour): string {
  switch (honour.kind) {
    case 'yes':
      return '';
    case 'emulated':
      return honour.how;
    case 'noeffect':
      return honour.why;
    case 'no':
      return `${honour.why}: ${honour.instead}`;
    case 'only':
      return `${honour.values.filter((each) => each !== '').join(', ')}; else ${honour.why}: ${honour.instead}`;
  }
}

/** The whole of COMPATIBILITY.md. */
export const compatibilityDocument = (): string =>
  [
    '# Attributes of compose files',
    '',
    'Written by `node packages/compose/scripts/compatibility.ts` from the table in `src/plan/attributes`. What is refused is',
    'refused at its place in the file by `up`; `config` prints it all the same.',
    '',
    compatibilityTable(),
  ].join('\n');
