/**
 * Progress on a terminal: a block of rows that is drawn over itself, at most so many times a second. A row that does
 * not fit the screen is counted in the block's first line instead.
 */
import { styleText } from 'node:util';
import { formatSize } from '@orc/model';
import type { Output } from '../cli/io.ts';
import { BUILD_LINES_SHOWN, REDRAWS_PER_SECOND } from '../limits.ts';
import type { Progress, Reporter } from './reporter.ts';

type Row = { progress: Progress; readonly begun: number; ended: number | undefined; lines: string[] };

const MARKS = { done: '✔', error: '✘', warning: '!' } as const;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const BAR_WIDTH = 20;

export function createBlock(out: Output, now: () => number): Reporter {
  const rows = new Map<string, Row>();
  let height = 0;
  let timer: NodeJS.Timeout | undefined;
  // To the left first: the terminal may have shown a key that was pressed.
  const erase = (): string => (height === 0 ? '' : `\r\x1b[${height}A\x1b[0J`);
  const draw = (): void => {
    const lines = render([...rows.values()], now(), out.columns || 80, (out.rows || 24) - 1);
    out.write(`${erase()}${lines.map((line) => `${line}\n`).join('')}`);
    height = lines.length;
  };
  const around = <T>(write: () => T): T => {
    if (height > 0) out.write(erase());
    height = 0;
    return write();
  };
  const start = (): void => {
    timer ??= setInterval(draw, 1000 / REDRAWS_PER_SECOND);
    timer.unref();
  };
  const flush = (): void => {
    if (timer !== undefined) clearInterval(timer);
    timer = undefined;
    if (rows.size > 0) draw();
    rows.clear();
    height = 0;
  };
  return {
    update: (progress) => {
      put(rows, progress, now());
      start();
    },
    note: (text) => void around(() => out.write(`${text}\n`)),
    around,
    flush,
    close: flush,
  };
}

function put(rows: Map<string, Row>, progress: Progress, at: number): void {
  const key = `${progress.parent ?? ''}\0${progress.id}`;
  const known = rows.get(key);
  const row = known ?? { progress, begun: at, ended: undefined, lines: [] };
  row.progress = { ...progress, text: progress.text === '' ? row.progress.text : progress.text };
  row.ended = progress.state === 'working' ? undefined : (row.ended ?? at);
  if (progress.output !== undefined)
    row.lines = [...row.lines, ...progress.output.replace(/\n$/, '').split('\n')].slice(-BUILD_LINES_SHOWN);
  rows.set(key, row);
}

/** The lines of the block, none wider than `columns`, at most `height`. */
export function render(rows: readonly Row[], at: number, columns: number, height: number): readonly string[] {
  const top = rows.filter((row) => row.progress.parent === undefined);
  const done = top.filter((row) => row.progress.state !== 'working').length;
  const body = rows.flatMap((row) => drawRow(row, at, columns));
  const shown = body.length > height - 1 ? body.slice(body.length - height + 1) : body;
  return [`[+] ${done}/${top.length}`, ...shown];
}

function drawRow(row: Row, at: number, columns: number): readonly string[] {
  const { progress } = row;
  const finished = progress.state !== 'working';
  if (progress.parent !== undefined && finished && progress.state === 'done') return [];
  const seconds = `${(((row.ended ?? at) - row.begun) / 1000).toFixed(1)}s`;
  const indent = progress.parent === undefined ? ' ' : '   ';
  const left = `${indent}${mark(row, at)} ${progress.id}  ${said(progress)}${bar(progress)}`;
  const gap = Math.max(1, columns - left.length - seconds.length - 1);
  const line = paint(progress, `${left}${' '.repeat(gap)}${seconds}`.slice(0, columns - 1));
  const output = finished && progress.state !== 'error' ? [] : row.lines;
  return [line, ...output.map((text) => styleText('dim', `${indent}   ${text}`.slice(0, columns - 1)))];
}

const said = ({ text, detail }: Progress): string => (detail === undefined ? text : `${text}: ${detail}`);

const mark = (row: Row, at: number): string =>
  row.progress.state === 'working'
    ? (SPINNER[Math.floor(at / 100) % SPINNER.length] as string)
    : MARKS[row.progress.state];

function bar({ current, total, state }: Progress): string {
  if (current === undefined || state !== 'working') return '';
  if (total === undefined || total === 0) return ` ${formatSize(current)}`;
  const full = Math.min(BAR_WIDTH, Math.round((current / total) * BAR_WIDTH));
  return ` [${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] ${formatSize(current)}/${formatSize(total)}`;
}

const COLORS = { working: 'blue', done: 'green', warning: 'yellow', error: 'red' } as const;
const paint = ({ state }: Progress, line: string): string =>
  styleText(COLORS[state], line, { validateStream: false });
