/**
 * Wildcards of COPY and ADD: those of Go's `filepath.Match` (`*`, `?`, `[a-z]`, `[^a-z]`, `\x`), a path
 * component at a time.
 */

export const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

export const hasWildcard = (text: string): boolean => /[*?[\\]/.test(text);

/** `undefined`: the pattern is malformed. Neither `*` nor `?` matches `/`. */
export function globRegex(pattern: string): RegExp | undefined {
  const chars = [...pattern];
  let source = '';
  for (let at = 0; at < chars.length; ) {
    const char = chars[at] as string;
    if (char === '[') {
      const found = readClass(chars, at + 1);
      if (found === undefined) return undefined;
      source += found.source;
      at = found.end;
      continue;
    }
    if (char === '\\' && at + 1 === chars.length) return undefined;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else source += escapeRegex(char === '\\' ? (chars[at + 1] as string) : char);
    at += char === '\\' ? 2 : 1;
  }
  return new RegExp(`^${source}$`, 'su');
}

type Class = { readonly source: string; readonly end: number };

/** From behind `[`. `]` closes it except in first place. */
function readClass(chars: readonly string[], from: number): Class | undefined {
  const negated = chars[from] === '^';
  const start = negated ? from + 1 : from;
  let source = '';
  for (let at = start; at < chars.length; ) {
    if (chars[at] === ']' && at > start)
      return { source: `(?!/)[${negated ? '^' : ''}${source}]`, end: at + 1 };
    const low = readMember(chars, at);
    const ranged = low !== undefined && chars[low.end] === '-';
    const high = low === undefined || !ranged ? low : readMember(chars, low.end + 1);
    if (
      low === undefined ||
      high === undefined ||
      (low.char.codePointAt(0) ?? 0) > (high.char.codePointAt(0) ?? 0)
    ) {
      return undefined;
    }
    source += `${inClass(low.char)}-${inClass(high.char)}`;
    at = high.end;
  }
  return undefined;
}

function readMember(chars: readonly string[], at: number): { char: string; end: number } | undefined {
  const escaped = chars[at] === '\\';
  const char = chars[escaped ? at + 1 : at];
  if (char === undefined || (!escaped && (char === '-' || char === ']'))) return undefined;
  return { char, end: at + (escaped ? 2 : 1) };
}

const inClass = (char: string): string => (/[\\\]^[-]/.test(char) ? `\\${char}` : char);
