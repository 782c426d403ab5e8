/** What stands on a terminal after progress was drawn over itself and other lines came between. */
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createContext } from '../src/cli/context.ts';
import type { Io, Output } from '../src/cli/io.ts';

const COLUMNS = 80;

/** Lines, the cursor at the beginning of the last; knows the two sequences that the block uses. */
function createScreen(): { readonly output: Output; lines(): readonly string[] } {
  let lines: string[] = [''];
  const write = (text: string): void => {
    for (const part of text.replaceAll('\x1b[', 'ESC').split(/(ESC\d+[AJ]|\n)/)) {
      const up = /^ESC(\d+)A$/.exec(part)?.[1];
      if (up !== undefined) lines = lines.slice(0, Math.max(1, lines.length - Number(up)));
      else if (part === 'ESC0J') lines[lines.length - 1] = '';
      else if (part === '\n') lines.push('');
      else lines[lines.length - 1] += part;
    }
  };
  const output = new Writable({
    write: (data: Buffer, _, done) => {
      write(data.toString());
      done();
    },
  });
  return {
    output: Object.assign(output, { isTTY: true, columns: COLUMNS, rows: 24 }),
    lines: () =>
      lines.map((line) =>
        stripVTControlCharacters(line.replaceAll('ESC', '\x1b[')).replace(/ +[\d.]+s$/, ''),
      ),
  };
}

test('a line between two drawings leaves no row of the first behind', async () => {
  const { output, lines } = createScreen();
  const io = { stdout: output, stderr: output, env: {}, now: Date.now } as unknown as Io;
  const globals = { files: [], profiles: [], envFiles: [], progress: 'auto', ansi: 'auto' } as const;
  const context = createContext(io, globals);
  const reporter = await context.reporter();
  const rows = (text: string, state: 'working' | 'done'): void => {
    for (const id of ['Container a', 'Container b']) reporter.update({ id, text, state });
  };
  rows('Stopping', 'working');
  while (lines().length < 4) await sleep(10);
  context.err('Killing...');
  rows('Stopping', 'working');
  while (lines().length < 5) await sleep(10);
  context.out('a-1 exited');
  rows('Stopped', 'done');
  reporter.flush();
  expect(lines()).toEqual([
    'Killing...',
    'a-1 exited',
    '[+] 2/2',
    ' ✔ Container a  Stopped',
    ' ✔ Container b  Stopped',
    '',
  ]);
});
