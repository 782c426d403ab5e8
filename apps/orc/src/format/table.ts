/** Tables as docker prints them: columns apart by at least three blanks, no rules, the last column unpadded. */
export type Column<T> = { readonly header: string; readonly cell: (row: T) => string };

const WIDTH_MIN = 10;
const PADDING = 3;

export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  return formatCells([
    columns.map((column) => column.header),
    ...rows.map((row) => columns.map((column) => column.cell(row))),
  ]);
}

/** Rows of cells, the first the header. */
export function formatCells(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(WIDTH_MIN, ...lines.map((line) => width(line[index] ?? '') + PADDING)),
  );
  const pad = (cell: string, index: number, line: readonly string[]): string =>
    index === line.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - width(cell));
  return lines.map((line) => line.map(pad).join('').trimEnd()).join('\n');
}

const width = (text: string): number => [...text].length;
