/** `--format` and `-q` of everything that lists: a table, JSON lines, or a template. */
import type { Context } from '../cli/context.ts';
import type { Flags } from '../cli/command.ts';
import { type Column, formatCells, formatTable } from './table.ts';
import { compileTemplate } from './template.ts';

export type Listing<T> = {
  readonly columns: readonly Column<T>[];
  /** docker's names of the fields, for JSON and templates. */
  readonly fields: (row: T) => Readonly<Record<string, unknown>>;
  /** What `-q` prints of a row. */
  readonly id: (row: T) => string;
  /** Of a template's columns, where they are not the fields' names in capitals. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `compose ls` and `images` print one list, `docker` a line each. */
  readonly jsonList?: boolean;
};

export function printList<T>(context: Context, flags: Flags, listing: Listing<T>, rows: readonly T[]): void {
  const format = flags.text('format');
  if (flags.on('quiet')) {
    if (rows.length > 0) context.out(rows.map(listing.id).join('\n'));
  } else if (format === undefined || format === 'table') {
    context.out(formatTable(listing.columns, rows));
  } else if (format === 'json' && listing.jsonList) {
    context.out(JSON.stringify(rows.map(listing.fields)));
  } else if (format === 'json') {
    for (const row of rows) context.out(JSON.stringify(listing.fields(row)));
  } else {
    printTemplate(context, format, rows.map(listing.fields), { ...HEADERS, ...listing.headers });
  }
}

/** `table {{.ID}}\t{{.Names}}` has a header: the fields' names in capitals. */
function printTemplate(
  context: Context,
  format: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  headers: Readonly<Record<string, string>>,
): void {
  const [, body = format] = /^table\s+([\s\S]*)$/.exec(format) ?? [];
  const template = compileTemplate(body);
  const lines = rows.map((row) => template(row));
  if (body === format) {
    for (const line of lines) context.out(line);
    return;
  }
  const header = body
    .replaceAll('\\t', '\t')
    .replace(/\{\{[^}]*?\.(\w+)[^}]*\}\}/g, (_, name: string) => headers[name] ?? spaced(name));
  context.out(formatCells([header, ...lines].map((line) => line.split('\t'))));
}

const HEADERS: Readonly<Record<string, string>> = { ID: 'CONTAINER ID', RunningFor: 'CREATED' };
const spaced = (name: string): string => name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();

/** `inspect`: a list of objects, or a template on each. */
export function printInspect(context: Context, flags: Flags, values: readonly unknown[]): void {
  const format = flags.text('format');
  if (format === undefined || format === 'json') {
    context.out(JSON.stringify(values, undefined, format === 'json' ? undefined : 4));
    return;
  }
  const template = compileTemplate(format);
  for (const value of values) context.out(template(value));
}
