/** The text of a Dockerfile as lines, and places in it. */
import type { Problem, Where } from '@orc/model';

export type Source = {
  /** What the user calls the file. */
  readonly name: string;
  /** Without newlines; a byte order mark is gone. */
  readonly lines: readonly string[];
};

/**
 * A piece of a logical line: from `offset` of its text on, it stands at `line` (1-based), `column`
 * (0-based).
 */
export type Piece = { readonly offset: number; readonly line: number; readonly column: number };

/** Where an instruction stands: the pieces its text was joined from, in order; at least one. */
export type Place = { readonly text: string; readonly pieces: readonly Piece[]; readonly endLine: number };

export function readSource(name: string, text: string): Source {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return { name, lines: lines.map((line) => line.replace(/\r$/, '')) };
}

export const firstLine = (place: Place): number => place.pieces[0]?.line ?? 1;

/** The place of `word` in the instruction, or of the instruction where it does not occur as such. */
export function whereOf(source: Source, place: Place, word?: string): Where {
  const found = word === undefined || word === '' ? -1 : place.text.indexOf(word);
  const offset = Math.max(found, 0);
  const piece = place.pieces.findLast((each) => each.offset <= offset) ?? { offset: 0, line: 1, column: 0 };
  return whereAt(source, piece.line, piece.column + offset - piece.offset + 1);
}

export function whereAt(source: Source, line: number, column: number): Where {
  return { file: source.name, line, column, excerpt: source.lines[line - 1] ?? '' };
}

export function syntaxProblem(message: string, where: Where, hint?: string): Problem {
  return { code: 'dockerfile.syntax', message, where, ...(hint === undefined ? {} : { hint }) };
}
