/** `orc check`. */
import type { AttributeStatus, AttributeUse, Resolved } from '@orc/compose';
import { type Problem, formatProblem } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { exitCode } from '../cli/problems.ts';
import { formatTable } from '../format/table.ts';
import { hostOf, readFiles } from '../project/load.ts';

/** Services of all profiles, unless some are named: what is in the file is gone through. */
export const check: Body = async (context, _args, flags) => {
  const { globals, io } = context;
  const named = globals.profiles.length > 0 || Boolean(io.env['COMPOSE_PROFILES']);
  const all = named ? context : { ...context, globals: { ...globals, profiles: ['*'] } };
  const loaded = await readFiles(all, { audit: true, uid: io.uid, ...hostOf(context) });
  if (flags.text('format') === 'json') context.out(json(loaded));
  else print(context, loaded, flags.on('quiet'));
  return Math.max(0, ...loaded.problems.filter(isError).map(exitCode));
};

const isError = ({ severity }: Problem): boolean => severity !== 'warning';

const WORDS: Readonly<Record<AttributeStatus, string>> = {
  honoured: 'honoured',
  emulated: 'emulated',
  noeffect: 'no effect',
  refused: 'refused',
  wrong: 'wrong',
};

function print(context: Context, { attributes = [], problems }: Resolved, quiet: boolean): void {
  if (!quiet && attributes.length > 0) context.out(formatTable(COLUMNS, attributes));
  for (const problem of problems) context.err(formatProblem(problem));
  if (!quiet) context.out(summary(attributes, problems));
}

const COLUMNS = [
  { header: 'PLACE', cell: ({ where }: AttributeUse) => `${where.file}:${where.line}:${where.column}` },
  { header: 'ATTRIBUTE', cell: (use: AttributeUse) => use.path },
  { header: 'STATUS', cell: (use: AttributeUse) => WORDS[use.status] },
  {
    header: '',
    cell: ({ why = '', instead }: AttributeUse) => (instead === undefined ? why : `${why}; ${instead}`),
  },
];

function summary(attributes: readonly AttributeUse[], problems: readonly Problem[]): string {
  const parts = Object.entries(counts(attributes)).map(
    ([status, count]) => `${count} ${WORDS[status as AttributeStatus]}`,
  );
  const errors = problems.filter(isError).length;
  return [
    `${several(attributes.length, 'attribute')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`,
    `${several(errors, 'error')}, ${several(problems.length - errors, 'warning')}`,
  ].join('; ');
}

const several = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** In the order of `WORDS`, without those that no attribute has. */
function counts(attributes: readonly AttributeUse[]): Partial<Record<AttributeStatus, number>> {
  const statuses = Object.keys(WORDS) as AttributeStatus[];
  const found = statuses.map(
    (status) => [status, attributes.filter((each) => each.status === status).length] as const,
  );
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

/** For editors: places begin with 1, and every problem says its severity. */
function json({ attributes = [], problems }: Resolved): string {
  const said = problems.map((each) => ({ ...each, severity: each.severity ?? 'error' }));
  return JSON.stringify({ attributes, problems: said, counts: counts(attributes) }, undefined, 2);
}
