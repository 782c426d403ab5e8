/** `orc completion SHELL`: scripts that walk the command table; names of things are asked of `orc` itself. */
import { fail } from '@orc/model';
import { type CommandRow, type Flag, longName, type Body } from '../cli/command.ts';
import { TABLE } from '../commands/table.ts';

export const completion: Body = async (context, args) => {
  const [shell = ''] = args;
  const write = SHELLS[shell];
  if (write === undefined)
    throw fail('usage.invalid', `there are no completions for ${shell}`, { hint: 'write bash, zsh or fish' });
  context.out(write());
  return 0;
};

const LISTS: Readonly<Record<NonNullable<CommandRow['completes']>, string>> = {
  service: 'orc config --services 2>/dev/null',
  container: "orc container ls -a --format '{{.Names}}' 2>/dev/null",
  image: "orc image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null",
  network: "orc network ls --format '{{.Name}}' 2>/dev/null",
  volume: 'orc volume ls -q 2>/dev/null',
  project: 'orc ls -q 2>/dev/null',
};

const words = (flags: readonly Flag[] = []): string =>
  flags
    .filter(({ hidden }) => hidden !== true)
    .map((flag) => `--${longName(flag.flags)}`)
    .join(' ');
/** `-f --file`: those that take a value. */
const valued = (flags: readonly Flag[]): string =>
  flags
    .filter(({ kind }) => kind !== 'on')
    .flatMap(({ flags: spelled }) => spelled.match(/--?[a-z][a-z-]*/g) ?? [])
    .join(' ');
const tops = (): readonly string[] => [
  ...new Set([...TABLE.commands.map((row) => row.name.split(' ')[0] as string), 'help']),
];
const inNoun = (noun: string): readonly string[] =>
  TABLE.commands
    .filter((row) => row.name.startsWith(`${noun} `))
    .map((row) => row.name.slice(noun.length + 1));
const nouns = (): readonly string[] => Object.keys(TABLE.nouns);

function bash(): string {
  const flagCases = TABLE.commands.map((row) => `    '${row.name}') flags='${words(row.flags)} --help' ;;`);
  const listCases = TABLE.commands.flatMap((row) =>
    row.completes === undefined ? [] : [`    '${row.name}') things=$(${LISTS[row.completes]}) ;;`],
  );
  const nounCases = nouns().map((noun) => `    ${noun}) things='${inNoun(noun).join(' ')}' ;;`);
  return `# orc completion bash: source this, or save it in /etc/bash_completion.d/orc
_orc() {
  local current=\${COMP_WORDS[COMP_CWORD]} command='' word i
  local flags='${words(TABLE.globals)} --help --version'
  local things='${tops().join(' ')}'
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # The word after it is its value.
    [[ $word == -* && ' ${valued(TABLE.globals)} ' == *" $word "* ]] && ((i++))
    [[ $word == -* ]] && continue
    case $command in
    '') command=$word ;;
    ${nouns().join(' | ')}) command="$command $word" ; break ;;
    *) break ;;
    esac
  done
  case $command in
${flagCases.join('\n')}
  esac
  case $command in
    '') ;;
${nounCases.join('\n')}
${listCases.join('\n')}
    *) things='' ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$things" -- "$current"))
    [[ $things == '' ]] && COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _orc orc`;
}

/** zsh runs bash's completion as it is. */
const zsh = (): string => `#compdef orc
autoload -U +X bashcompinit && bashcompinit
${bash()}`;

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`;

function fish(): string {
  const rows = TABLE.commands.flatMap((row) => fishRow(row));
  const top = nouns().map(
    (noun) => `complete -c orc -n __fish_use_subcommand -a ${noun} -d ${quoted(TABLE.nouns[noun] ?? '')}`,
  );
  return [
    'complete -c orc -f',
    ...TABLE.globals.map((flag) => fishFlag('__fish_use_subcommand', flag)),
    ...top,
    ...rows,
  ].join('\n');
}

function fishRow(row: CommandRow): readonly string[] {
  const [first = '', second] = row.name.split(' ');
  const seen =
    second === undefined
      ? `__fish_seen_subcommand_from ${first}`
      : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
  const offered =
    second === undefined
      ? '__fish_use_subcommand'
      : `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${inNoun(first).join(' ')}`;
  const list =
    row.completes === undefined
      ? []
      : [`complete -c orc -n ${quoted(seen)} -a ${quoted(`(${LISTS[row.completes]})`)}`];
  return [
    `complete -c orc -n ${quoted(offered)} -a ${second ?? first} -d ${quoted(row.summary)}`,
    ...(row.flags ?? []).filter(({ hidden }) => hidden !== true).map((flag) => fishFlag(seen, flag)),
    ...list,
  ];
}

function fishFlag(condition: string, flag: Flag): string {
  const short = /^-(\w),/.exec(flag.flags)?.[1];
  const parts = [`complete -c orc -n ${quoted(condition)} -l ${longName(flag.flags)}`];
  if (short !== undefined) parts.push(`-s ${short}`);
  if (flag.kind !== 'on')
    parts.push(flag.choices === undefined ? '-r' : `-x -a ${quoted(flag.choices.join(' '))}`);
  return `${parts.join(' ')} -d ${quoted(flag.about)}`;
}

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };
