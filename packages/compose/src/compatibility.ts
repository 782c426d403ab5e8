/**
 * The table of attributes as Markdown: what is honoured, emulated, without effect, or refused and what to
 * do instead.
 */
import type { Honour, Row } from './plan/attributes/row.ts';
import { CHECK_WORDS } from './plan/attributes/checks.ts';
import { ATTRIBUTES } from './plan/attributes/table.ts';

export type { Honour, Row } from './plan/attributes/row.ts';
export { ATTRIBUTES } from './plan/attributes/table.ts';

export function compatibilityTable(rows: readonly Row[] = ATTRIBUTES): string {
  const lines = rows.map((row) => {
    const cells = [
      `\`${row.path}\``,
      statusOf(row.honour),
      notesOf(row.honour),
      formOf(row),
      mergeOf(row),
      checksOf(row),
    ];
    return `| ${[...cells, row.default === undefined ? '' : `\`${row.default}\``].join(' | ')} |`;
  });
  return [
    '| attribute | | | long form | a later file | checks | default |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

const checksOf = ({ checks }: Row): string => checks.map((name) => CHECK_WORDS[name]).join('; ');

const formOf = ({ form }: Row): string =>
  form === undefined ? '' : form.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Where there is no rule, a mapping is merged key by key, a list appended, and anything else replaced. */
function mergeOf({ merge }: Row): string {
  if (merge === undefined) return '';
  if (merge.startsWith('by:')) return `replaces entries of the same ${merge.slice('by:'.length)}`;
  return MERGES[merge] ?? '';
}

const MERGES: Readonly<Record<string, string>> = {
  replace: 'replaces it whole',
  replaceUnlike: 'may be of another kind, and then replaces it',
  logging: 'replaces it where the drivers differ',
  unique: 'is added, each entry once',
  subnets: 'replaces entries of the same subnet',
};

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
    'refused at its place in the file by `up`; `config` prints it all the same. Where nothing is said of a later file, it is',
    'merged key by key (mappings), added (lists) or put in its place (others). What is checked comes on top of the schema and',
    'of the long form, which take no other types and words.',
    '',
    compatibilityTable(),
  ].join('\n');

/** What the README says: all that is not simply honoured, those of one reason together. */
export function readmeTable(rows: readonly Row[] = ATTRIBUTES): string {
  const groups = new Map<string, { readonly row: Row; readonly paths: string[] }>();
  for (const row of rows) {
    if (row.honour.kind === 'yes' || isSaidAbove(rows, row)) continue;
    const key = `${statusOf(row.honour)} ${notesOf(row.honour)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { row, paths: [row.path] });
    else group.paths.push(row.path);
  }
  const lines = [...groups.values()].map(
    ({ row, paths }) =>
      `| ${paths.map((path) => `\`${path}\``).join(' ')} | ${statusOf(row.honour)} | ${notesOf(row.honour)} |`,
  );
  return ['| attribute | | |', '| --- | --- | --- |', ...lines].join('\n');
}

/** What is below a group that is refused, for the same reason, goes without saying. */
const isSaidAbove = (rows: readonly Row[], { path, honour }: Row): boolean =>
  rows.some((above) => path.startsWith(`${above.path}.`) && notesOf(above.honour) === notesOf(honour));

const BEGIN = '<!-- attributes: written by node packages/compose/scripts/compatibility.ts -->';
const END = '<!-- /attributes -->';

/** The README with the table of now between its marks. */
export function readmeWithTable(readme: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`the README has no ${BEGIN} … ${END}`);
  const honoured = ATTRIBUTES.filter((each) => each.honour.kind === 'yes').length;
  const words = `Of ${ATTRIBUTES.length} attributes ${honoured} are honoured as they are; these are not, or not wholly:`;
  return `${readme.slice(0, from)}${BEGIN}\n${words}\n\n${readmeTable()}\n${readme.slice(to)}`;
}
