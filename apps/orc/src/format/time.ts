/** Times as docker tells them. */
import { fail, parseDurationMs } from '@orc/model';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** docker's `units.HumanDuration`: `Less than a second`, `About a minute`, `3 hours`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / SECOND);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(ms / MINUTE);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(ms / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const whole = Math.floor(ms / HOUR);
  if (whole < 24 * 7 * 2) return `${Math.floor(whole / 24)} days`;
  if (whole < 24 * 30 * 2) return `${Math.floor(whole / 24 / 7)} weeks`;
  if (whole < 24 * 365 * 2) return `${Math.floor(whole / 24 / 30)} months`;
  return `${Math.floor(ms / DAY / 365)} years`;
}

export const ago = (then: number, now: number): string => `${humanDuration(Math.max(0, now - then))} ago`;

/** `2026-01-02 03:04:05 +0000 UTC`. */
export const dateOf = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;

export const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/** `2026-01-02T03:04:05Z`, `2026-01-02`, seconds since 1970, or how long ago: `10m`. Undefined: none of these. */
export function parseTime(
  text: string,
  now: number,
  duration: (text: string) => number | undefined,
): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * SECOND;
  const back = duration(text);
  if (back !== undefined) return now - back;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** `--filter until`: made before then, a time or so long ago. The earliest of several. */
export function timeBefore(words: readonly string[] = [], now: number): number {
  const times = words.map((word) => {
    const at = parseTime(word, now, parseDurationMs);
    if (at !== undefined) return at;
    throw fail('usage.invalid', `--filter until takes a time, not "${word}"`, { hint: 'write until=24h' });
  });
  return Math.min(...times, Number.POSITIVE_INFINITY);
}
