/** Reporters that write a line per change: for people in a log, for programs, for nobody. */
import { STEP_QUIET_MS } from '../limits.ts';
import type { Progress, ProgressMode, Reporter } from './reporter.ts';

export function createLines(write: (text: string) => void, mode: ProgressMode): Reporter {
  const rest = { around: <T>(other: () => T): T => other(), flush: nothing, close: nothing };
  if (mode === 'quiet') return { ...rest, update: quiet(write), note: nothing };
  if (mode === 'json') {
    const row = (value: object): void => write(`${JSON.stringify(value)}\n`);
    return { ...rest, update: changesOnly(row), note: (text) => row({ text }) };
  }
  return { ...rest, ...plain(write), note: (text) => write(`${text}\n`) };
}

const nothing = (): void => undefined;

/** What went wrong is said even so. */
const quiet =
  (write: (text: string) => void) =>
  ({ id, state, text }: Progress): void => {
    if (state === 'error') write(` ${id}  ${text}\n`);
  };

/** Repeated states, such as growing numbers of bytes, are one line; so is a step that ends as soon as it begins. */
function plain(write: (text: string) => void): Pick<Reporter, 'update' | 'close'> {
  const last = new Map<string, string>();
  const phases = new Set<string>();
  const begun = new Map<string, NodeJS.Timeout>();
  const say = (name: string, text: string): void => write(` ${name}  ${text}\n`);
  const settle = (name: string): boolean => {
    clearTimeout(begun.get(name));
    return begun.delete(name);
  };
  const begin = (name: string): void => {
    settle(name);
    const late = (): void => {
      begun.delete(name);
      say(name, BEGIN);
    };
    begun.set(name, setTimeout(late, STEP_QUIET_MS));
  };
  const update = ({ id, parent, text, detail, output }: Progress): void => {
    const name = parent === undefined ? id : `${parent} ${id}`;
    if (text === BEGIN) return begin(name);
    if (settle(name) && output !== undefined) say(name, BEGIN);
    const known = detail === undefined ? last.get(name) === text : phases.has(`${name}\0${text}`);
    if (!known && text !== '') say(name, text);
    last.set(name, text);
    if (detail !== undefined) phases.add(`${name}\0${text}`);
    if (output !== undefined && output !== '') write(prefixed(parent ?? id, output));
  };
  return { update, close: () => begun.forEach((timer) => clearTimeout(timer)) };
}

const BEGIN = 'START';

/** Several things are built at once: each line says of which it is. */
function prefixed(name: string, output: string): string {
  const label = name.replace(/^[A-Z][a-z]+ /, '');
  const lines = output.replace(/\n$/, '').split('\n');
  return lines.map((line) => ` ${label} | ${line}\n`).join('');
}

/** A state that is told again unchanged is none. */
function changesOnly(write: (value: object) => void): (progress: Progress) => void {
  const last = new Map<string, string>();
  return (progress) => {
    const key = `${progress.parent ?? ''}\0${progress.id}`;
    const text = JSON.stringify(progress);
    if (last.get(key) === text && progress.output === undefined) return;
    last.set(key, text);
    write(progress);
  };
}
