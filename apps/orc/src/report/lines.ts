/** Reporters that write a line per change: for people in a log, for programs, for nobody. */
import type { Progress, ProgressMode, Reporter } from './reporter.ts';

export function createLines(write: (text: string) => void, mode: ProgressMode): Reporter {
  const rest = { around: <T>(other: () => T): T => other(), flush: nothing, close: nothing };
  if (mode === 'quiet') return { ...rest, update: quiet(write), note: nothing };
  if (mode === 'json') {
    const row = (value: object): void => write(`${JSON.stringify(value)}\n`);
    return { ...rest, update: row, note: (text) => row({ text }) };
  }
  return { ...rest, update: plain(write), note: (text) => write(`${text}\n`) };
}

const nothing = (): void => undefined;

/** What went wrong is said even so. */
const quiet =
  (write: (text: string) => void) =>
  ({ id, state, text }: Progress): void => {
    if (state === 'error') write(` ${id}  ${text}\n`);
  };

/** Repeated states, such as growing numbers of bytes, are one line. */
function plain(write: (text: string) => void): (progress: Progress) => void {
  const last = new Map<string, string>();
  return ({ id, parent, text, output }) => {
    const name = parent === undefined ? id : `${parent} ${id}`;
    if (last.get(name) !== text && text !== '') write(` ${name}  ${text}\n`);
    last.set(name, text);
    if (output !== undefined && output !== '') write(indent(output));
  };
}

const indent = (output: string): string =>
  `${output
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `   ${line}`)
    .join('\n')}\n`;
