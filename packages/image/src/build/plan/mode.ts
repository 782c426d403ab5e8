/** `--chmod`: octal, or symbolic as chmod(1) has it (`u=rwX,go=rX`, `+x`). */

/** From the mode a file has to the one it gets. */
export type ModeChange = (mode: number, isFolder: boolean) => number;

const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/;
const MODE_MAX = 0o7777;

/** `undefined`: not a mode. */
export function readMode(text: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode > MODE_MAX ? undefined : () => mode;
  }
  const clauses = text.split(',').map(readClause);
  if (clauses.some((clause) => clause === undefined)) return undefined;
  return (mode, isFolder) =>
    clauses.reduce<number>(
      (current, clause) => (clause === undefined ? current : clause(current, isFolder)),
      mode,
    );
}

const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function readClause(text: string): ModeChange | undefined {
  const match = CLAUSE.exec(text);
  if (match === null) return undefined;
  const [, who = '', operations = ''] = match;
  const classes = who === '' || who.includes('a') ? ['u', 'g', 'o'] : [...who];
  const changes = operations.match(/[-+=][rwxXst]*/g) ?? [];
  return (mode, isFolder) =>
    changes.reduce((current, change) => applyChange(current, change, classes, isFolder), mode);
}

function applyChange(mode: number, change: string, classes: readonly string[], isFolder: boolean): number {
  const [operator, ...letters] = [...change];
  const bits = bitsOf(letters, classes, mode, isFolder);
  if (operator === '+') return mode | bits;
  if (operator === '-') return mode & ~bits;
  const cleared = classes.reduce((left, each) => left & ~(0o7 << (SHIFTS[each] as number)), mode);
  return cleared | bits;
}

function bitsOf(
  letters: readonly string[],
  classes: readonly string[],
  mode: number,
  isFolder: boolean,
): number {
  let bits = 0;
  for (const letter of letters) {
    const executable = letter === 'x' || (letter === 'X' && (isFolder || (mode & 0o111) !== 0));
    const one = letter === 'r' ? 4 : letter === 'w' ? 2 : executable ? 1 : 0;
    for (const each of classes) bits |= one << (SHIFTS[each] as number);
    if (letter === 't') bits |= 0o1000;
    if (letter === 's' && classes.includes('u')) bits |= 0o4000;
    if (letter === 's' && classes.includes('g')) bits |= 0o2000;
  }
  return bits;
}
