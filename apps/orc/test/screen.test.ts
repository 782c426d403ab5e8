/** What stands on a terminal after progress was drawn over itself and other lines came between. */
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createContext } from '../src/cli/context.ts';
import type { Io, Output } from '../src/cli/io.ts';

const COLUMNS = 80;

/** Knows what the block uses: up, erase to the end, the beginning of the line. `echo`: a key that the terminal shows. */
function createScreen(): { readonly output: Output; echo(key: string): void; lines(): readonly string[] } {
  const lines: string[] = [''];
  let [x, y] = [0, 0];
  const put = (part: string): void => {
    const up = /^ESC(\d+)A$/.exec(part)?.[1];
    if (up !== undefined) y = Math.max(0, y - Number(up));
    else if (part === 'ESC0J') lines.splice(y, lines.length, (lines[y] ?? '').slice(0, x));
    else if (part === '\r') x = 0;
    else if (part === '\n') [x, y] = [0, y + 1];
    else {
      const line = lines[y] ?? '';
      lines[y] = line.slice(0, x).padEnd(x) + part + line.slice(x + part.length);
      x += part.length;
    }
    lines[y] ??= '';
  };
  const output = new Writable({
    write: (data: Buffer, _, done) => {
      const text = data.toString().replaceAll('\x1b[', 'ESC');
      for (const part of text.split(/(ESC\d+[AJm]|\n|\r)/)) if (!/^ESC\d+m$/.test(part)) put(part);
      done();
    },
  });
  return {
    output: Object.assign(output, { isTTY: true, columns: COLUMNS, rows: 24 }),
    echo: put,
    lines: () => lines.map((line) => line.replace(/ +[\d.]+s$/, '')),
  };
}

test('a line between two drawings leaves no row of the first behind', async () => {
  const { output, echo, lines } = createScreen();
  const io = { stdout: output, stderr: output, env: {}, now: Date.now } as unknown as Io;
  const globals = {
    files: [],
    profiles: [],
    envFiles: [],
    progress: 'auto',
    ansi: 'auto',
    statusOnStdout: false,
    warnings: [],
  } as const;
  const context = createContext(io, globals);
  const reporter = await context.reporter();
  const rows = (text: string, state: 'working' | 'done'): void => {
    for (const id of ['Container a', 'Container b']) reporter.update({ id, text, state });
  };
  rows('Stopping', 'working');
  while (lines().length < 4) await sleep(10);
  echo('^C');
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
