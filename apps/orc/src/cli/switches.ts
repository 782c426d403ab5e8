/** docker's switches take `=true` and `=false`; commander's do not. */
import { type CommandRow, type Flag, longName } from './command.ts';
import type { Table } from './build.ts';

/** `--rm=true` to `--rm`; `--rm=false` to nothing, or to `--no-rm` where the switch is on by itself. */
export function plainSwitches(table: Table, argv: readonly string[]): readonly string[] {
  const { row, at } = commandOf(table, argv);
  if (row === undefined) return argv;
  const end = row.passThrough ? firstArgument(row, argv, at) : argv.length;
  return argv.flatMap((word, index) => (index < at || index >= end ? [word] : plain(row, word)));
}

function plain(row: CommandRow, word: string): readonly string[] {
  const [, dashed = '', value] = /^(-\w|--[a-z0-9-]+)=(true|false)$/.exec(word) ?? [];
  const spelled = (flag: Flag): boolean =>
    `--${longName(flag.flags)}` === dashed || flag.flags.startsWith(`${dashed},`);
  const flag = dashed === '' ? undefined : row.flags?.find((each) => each.kind === 'on' && spelled(each));
  if (flag === undefined) return [word];
  if (value === 'true') return [dashed];
  return flag.standard ? [`--no-${longName(flag.flags)}`] : [];
}

/** The row that argv names, and the index of the word after its name. */
export function commandOf(
  table: Table,
  argv: readonly string[],
): { readonly row: CommandRow | undefined; readonly at: number } {
  let at = 0;
  for (let word = argv[at]; word?.startsWith('-'); word = argv[at])
    at += takesNext(table.globals, word) ? 2 : 1;
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

function firstArgument(row: CommandRow, argv: readonly string[], from: number): number {
  let at = from;
  for (let word = argv[at]; word?.startsWith('-') && word !== '--'; word = argv[at])
    at += takesNext(row.flags ?? [], word) ? 2 : 1;
  return at;
}
