/** docker's switches take `=true` and `=false`, its short flags their values after `=`; commander's do not. */
import { type CommandRow, type Flag, longName } from './command.ts';
import type { Table } from './build.ts';

/** `--rm=true` to `--rm`; `--rm=false` to nothing, or to `--no-rm` where the switch is on by itself. */
export function plainSwitches(table: Table, argv: readonly string[]): readonly string[] {
  const { row, at } = commandOf(table, argv);
  if (row === undefined) return argv;
  const end = row.passThrough ? firstArgument(row.flags ?? [], argv, at) : argv.length;
  return argv.flatMap((word, index) => {
    if (index >= end) return [word];
    return index < at ? shortValue(table.globals, word) : plain(row, word);
  });
}

/** `-e=A=b` to `-e A=b`. */
function shortValue(flags: readonly Flag[], word: string): readonly string[] {
  const [, dashed = '', value = ''] = /^(-\w)=(.*)$/s.exec(word) ?? [];
  const takes = flags.some((flag) => flag.kind !== 'on' && shortOf(flag) === dashed);
  return takes ? [dashed, value] : [word];
}

function plain(row: CommandRow, word: string): readonly string[] {
  const [, dashed = '', value] = /^(-\w|--[a-z0-9-]+)=(true|false)$/.exec(word) ?? [];
  const spelled = (flag: Flag): boolean =>
    `--${longName(flag.flags)}` === dashed || flag.flags.startsWith(`${dashed},`);
  const flag = dashed === '' ? undefined : row.flags?.find((each) => each.kind === 'on' && spelled(each));
  if (flag === undefined) return shortValue(row.flags ?? [], word);
  if (value === 'true') return [dashed];
  return flag.standard ? [`--no-${longName(flag.flags)}`] : [];
}

/**
 * Flags of the whole program are taken after the verb too where the verb has none of that name: those of the project
 * by verbs of the project, the others by all.
 */
export function globalsFirst(table: Table, argv: readonly string[]): readonly string[] {
  const { row, at } = commandOf(table, argv);
  if (row === undefined) return argv;
  const offered = table.globals.filter((flag) => isOffered(row, flag));
  const front: string[] = [];
  const rest: string[] = [];
  let next = at;
  for (let word = argv[next]; word !== undefined && word !== '--'; word = argv[next]) {
    const isFlag = word.startsWith('-') && word !== '-';
    if (!isFlag && row.passThrough) break;
    const isGlobal = isFlag && offered.some((flag) => isSpelled(flag, word));
    const width = isFlag && takesNext(isGlobal ? offered : (row.flags ?? []), word) ? 2 : 1;
    (isGlobal ? front : rest).push(...argv.slice(next, next + width));
    next += width;
  }
  const verb = at - row.name.split(' ').length;
  return [...argv.slice(0, verb), ...front, ...argv.slice(verb, at), ...rest, ...argv.slice(next)];
}

const OF_ALL = new Set(['progress', 'ansi', 'host']);
const shortOf = ({ flags }: Flag): string | undefined => /^-\w(?=,)/.exec(flags)?.[0];

function isOffered(row: CommandRow, flag: Flag): boolean {
  const [name, short] = [longName(flag.flags), shortOf(flag)];
  if (row.name.includes(' ') && !OF_ALL.has(name)) return false;
  return !(row.flags ?? []).some(
    (own) => longName(own.flags) === name || (short !== undefined && shortOf(own) === short),
  );
}

const isSpelled = (flag: Flag, word: string): boolean =>
  [shortOf(flag), `--${longName(flag.flags)}`].includes(word.split('=', 1)[0]);

/** The index of the first word that is no flag of the whole program, nor the value of one. */
export const flagsEnd = (table: Table, argv: readonly string[]): number =>
  firstArgument(table.globals, argv, 0);

/** The row that argv names, and the index of the word after its name. */
export function commandOf(
  table: Table,
  argv: readonly string[],
): { readonly row: CommandRow | undefined; readonly at: number } {
  const at = flagsEnd(table, argv);
  const [first = '', second = ''] = argv.slice(at);
  const named = (row: CommandRow, words: readonly string[]): boolean => {
    const own = row.name.split(' ');
    const last = [own.at(-1), ...(row.aliases ?? [])];
    return (
      own.length === words.length &&
      own.slice(0, -1).every((each, i) => each === words[i]) &&
      last.includes(words.at(-1))
    );
  };
  const two = table.commands.find((row) => named(row, [first, second]));
  if (two !== undefined) return { row: two, at: at + 2 };
  return { row: table.commands.find((row) => named(row, [first])), at: at + 1 };
}

/** Whether the word is a flag whose value is the next word. */
function takesNext(flags: readonly Flag[], word: string): boolean {
  if (word.includes('=') || !word.startsWith('-')) return false;
  const short = (flag: Flag): string => /^-(\w),/.exec(flag.flags)?.[1] ?? '';
  if (word.startsWith('--'))
    return flags.some((flag) => flag.kind !== 'on' && `--${longName(flag.flags)}` === word);
  // Of `-itv`, the last letter may take a value; of `-vx`, x is the value.
  const letters = word.slice(1).split('');
  const taking = letters.findIndex((letter) =>
    flags.some((flag) => flag.kind !== 'on' && short(flag) === letter),
  );
  return taking !== -1 && taking === letters.length - 1;
}

function firstArgument(flags: readonly Flag[], argv: readonly string[], from: number): number {
  let at = from;
  for (let word = argv[at]; word?.startsWith('-') && word !== '--'; word = argv[at])
    at += takesNext(flags, word) ? 2 : 1;
  return at;
}
