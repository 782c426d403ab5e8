/** HEALTHCHECK to the form that image configs have: durations in nanoseconds, 0 for "the default". */
import { parseDurationMs } from '@orc/model';
import type { Flags } from './flags.ts';
import type { Action } from './instruction.ts';
import type { Node } from './nodes.ts';
import { type Reading, refuse } from './reading.ts';

const NS_PER_MS = 1e6;
const DURATIONS = [
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start-period', 'StartPeriod'],
  ['start-interval', 'StartInterval'],
] as const;

export function readHealthcheck(node: Node, flags: Flags, reading: Reading): Action | undefined {
  const [type, ...words] = node.args;
  const kind = type?.toUpperCase();
  if (kind === 'NONE') {
    if (words.length > 0) return refuse(reading, 'HEALTHCHECK NONE takes no arguments', words[0]);
    return { kind: 'healthcheck', check: { Test: ['NONE'] } };
  }
  if (kind !== 'CMD') {
    return refuse(
      reading,
      `${type ?? 'nothing'} is no kind of HEALTHCHECK`,
      type,
      'HEALTHCHECK CMD command, or HEALTHCHECK NONE',
    );
  }
  if (words.length === 0) return refuse(reading, 'HEALTHCHECK CMD needs a command', type);
  const times = readTimes(flags, reading);
  const retries = readRetries(flags, reading);
  if (times === undefined || retries === undefined) return undefined;
  const Test = [node.json ? 'CMD' : 'CMD-SHELL', ...words];
  return { kind: 'healthcheck', check: { Test, ...times, ...retries } };
}

function readTimes(flags: Flags, reading: Reading): Record<string, number> | undefined {
  const times: Record<string, number> = {};
  for (const [flag, key] of DURATIONS) {
    const text = flags.value(flag);
    if (text === undefined) continue;
    const ms = parseDurationMs(text);
    if (ms === undefined) return refuse(reading, `${text} is no duration`, text, 'such as 30s or 1m30s');
    if (ms !== 0 && ms < 1)
      return refuse(reading, `--${flag}=${text} is below 1ms`, text, 'at least 1ms, or 0 for the default');
    if (ms > 0) times[key] = Math.round(ms * NS_PER_MS);
  }
  return times;
}

function readRetries(flags: Flags, reading: Reading): { readonly Retries?: number } | undefined {
  const text = flags.value('retries');
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text))
    return refuse(reading, `${text} is no number of retries`, text, 'a whole number, 0 for the default');
  return Number(text) === 0 ? {} : { Retries: Number(text) };
}
