/** Logical lines: comments dropped, continuations joined. What they mean is decided in `nodes.ts`. */
import { escapeRegex } from './pattern.ts';
import type { Piece, Place, Source } from './source.ts';

/** Reads on from a line; heredocs take further lines between two calls of `nextLine`. */
export type LineCursor = { at: number; readonly source: Source; readonly continued: RegExp };

export function openLines(source: Source, escape: '\\' | '`'): LineCursor {
  const token = escapeRegex(escape);
  return { at: 0, source, continued: new RegExp(`(^|[^${token}])${token}[ \\t]*$`) };
}

/** The next logical line that holds anything; `undefined` at the end of the file. */
export function nextLine(cursor: LineCursor): Place | undefined {
  while (cursor.at < cursor.source.lines.length) {
    const place = readLogical(cursor);
    if (place.text.trim() !== '') return place;
  }
  return undefined;
}

const isComment = (line: string): boolean => /^\s*#/.test(line);

function readLogical(cursor: LineCursor): Place {
  const first = cursor.source.lines[cursor.at] ?? '';
  cursor.at += 1;
  const indent = first.length - first.trimStart().length;
  if (isComment(first)) return { text: '', pieces: [], endLine: cursor.at };
  const pieces: Piece[] = [{ offset: 0, line: cursor.at, column: indent }];
  const start = cut(cursor, first.slice(indent));
  let { text } = start;
  for (let more = start.more; more && cursor.at < cursor.source.lines.length; ) {
    const line = cursor.source.lines[cursor.at] ?? '';
    cursor.at += 1;
    if (isComment(line) || line.trim() === '') continue;
    const part = cut(cursor, line);
    pieces.push({ offset: text.length, line: cursor.at, column: 0 });
    text += part.text;
    more = part.more;
  }
  return { text, pieces, endLine: cursor.at };
}

/** Without the escape character at its end, and whether there was one; a doubled one is none. */
function cut(cursor: LineCursor, line: string): { text: string; more: boolean } {
  const more = cursor.continued.test(line);
  return { text: more ? line.replace(cursor.continued, '$1') : line, more };
}
