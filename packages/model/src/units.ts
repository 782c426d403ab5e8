/** Sizes and durations as compose and docker write them. Pure; `undefined` means "not one". */

const SIZE = /^(\d+(?:\.\d+)?)\s*(?:(b)|([kmgtp])(?:i?b)?)?$/i;
const POWERS = 'kmgtp';

/** `10`, `1.5g`, `64MB`, `64mib` to bytes (powers of 1024). */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const power = match[3] === undefined ? 0 : POWERS.indexOf(match[3].toLowerCase()) + 1;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const DURATION_PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d|w)/gy;
const MS_OF: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `1m30s`, `1.5h`, `-10s`, `0` to milliseconds. */
export function parseDurationMs(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  const negative = trimmed.startsWith('-');
  const body = trimmed.replace(/^[+-]/, '');
  let end = 0;
  let total = 0;
  DURATION_PART.lastIndex = 0;
  for (let part = DURATION_PART.exec(body); part !== null; part = DURATION_PART.exec(body)) {
    total += Number(part[1]) * (MS_OF[part[2] as string] as number);
    end = DURATION_PART.lastIndex;
  }
  if (body === '' || end !== body.length) return undefined;
  return negative ? -total : total;
}

/** Milliseconds as Go writes durations: `1m30s`, `500ms`, `0s`. */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return '0s';
  if (Math.abs(ms) < 1) return `${+(ms * 1000).toFixed(3)}µs`;
  if (Math.abs(ms) < 1000) return `${+ms.toFixed(6)}ms`;
  const sign = ms < 0 ? '-' : '';
  const whole = Math.abs(ms);
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = +((whole % 60_000) / 1000).toFixed(6);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

/** Bytes as docker's tables write them: decimal units, three significant digits (`7.25MB`). */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}
