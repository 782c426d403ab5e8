/** The command table as commander's commands. */
import { Command, CommanderError, Option } from 'commander';
import { type OrcError, fail } from '@orc/model';
import { type CommandRow, type Flag, type Flags, camel, flagsOf, longName } from './command.ts';
import type { Globals } from './context.ts';
import type { Io } from './io.ts';
import { commandOf, plainSwitches } from './switches.ts';

export type Invocation = {
  readonly row: CommandRow;
  readonly args: readonly string[];
  readonly flags: Flags;
};

export type Table = {
  readonly commands: readonly CommandRow[];
  readonly nouns: Readonly<Record<string, string>>;
  readonly globals: readonly Flag[];
  readonly version: string;
};

/** What argv asks for; undefined when it was help or the version, which is printed then. Throws `usage.invalid`. */
export function parseArgv(
  table: Table,
  given: readonly string[],
  io: Io,
): { readonly globals: Globals; readonly invocation: Invocation } | undefined {
  const argv = given[0] === 'help' && given.length > 1 ? [...given.slice(1), '--help'] : given;
  let invocation: Invocation | undefined;
  const { row: named } = commandOf(table, argv);
  // All the others are only for help and suggestions, and take longer to make than most commands to run.
  const rows = named === undefined ? table.commands : [named];
  const program = build({ ...table, commands: rows }, io, (row, args, flags) => {
    invocation = { row, args, flags };
  });
  try {
    program.parse(plainSwitches(table, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (SHOWN.has(error.code)) return undefined;
    throw usageError(error, table, argv);
  }
  return invocation === undefined ? undefined : { globals: globalsOf(flagsOf(program.opts())), invocation };
}

const SHOWN = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

type Found = (row: CommandRow, args: readonly string[], flags: Flags) => void;

function build(table: Table, io: Io, found: Found): Command {
  const program = new Command('orc')
    .description('Runs compose files and containers, on one host or many.')
    .version(table.version, '-v, --version', 'Print the version of this program')
    .helpCommand('help [command]', 'Show help for a command')
    .enablePositionalOptions();
  prepare(program, io);
  for (const flag of table.globals) addFlag(program, flag);
  const nouns = new Map<string, Command>();
  for (const row of table.commands) {
    const [first = '', ...rest] = row.name.split(' ');
    const noun =
      nouns.get(first) ??
      (rest.length === 0 ? program : addNoun(program, first, table.nouns[first] ?? '', io));
    if (rest.length > 0) nouns.set(first, noun);
    addCommand(noun, rest.at(-1) ?? first, row, io, found);
  }
  return program;
}

const HELP_WIDTH = 100;

function prepare(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .helpOption('-h, --help', 'Show this help')
    .allowExcessArguments(false)
    .configureHelp({
      showGlobalOptions: false,
      subcommandTerm: (each) => `${each.name()} ${each.usage().replace(/^\[options\] ?/, '')}`.trim(),
      helpWidth: io.stdout.columns || HELP_WIDTH,
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stdout.write(text),
      outputError: () => undefined,
    });
}

function addNoun(program: Command, name: string, about: string, io: Io): Command {
  const noun = prepare(program.command(name), io).description(about).helpGroup('Engine commands:');
  return noun.helpCommand(false);
}

function addCommand(parent: Command, name: string, row: CommandRow, io: Io, found: Found): void {
  const command = prepare(parent.command(`${name}${row.args === undefined ? '' : ` ${row.args}`}`), io)
    .description(row.summary)
    .aliases(row.aliases ?? [])
    .addHelpText('after', `\nExamples:\n${row.examples.map((each) => `  $ ${each}`).join('\n')}`);
  if (parent.name() === 'orc') command.helpGroup(`${row.group ?? 'Project'} commands:`);
  if (row.passThrough) command.passThroughOptions();
  // -h is a host name for `container run`, as in docker.
  if (row.flags?.some((flag) => flag.flags.startsWith('-h,'))) command.helpOption('--help', 'Show this help');
  for (const flag of row.flags ?? []) addFlag(command, flag);
  command.action(() => found(row, command.processedArgs.flat().filter(isGiven), flagsOf(command.opts())));
}

const isGiven = (value: unknown): value is string => value !== undefined;

function addFlag(command: Command, flag: Flag): void {
  const option = new Option(flag.flags, flag.about);
  if (option.negate) standAlone(option);
  if (flag.choices !== undefined) option.choices(flag.choices);
  if (flag.kind === 'list') option.argParser((value: string, all: readonly string[] = []) => [...all, value]);
  if (flag.kind === 'number') option.argParser((value: string) => wholeNumber(longName(flag.flags), value));
  if (flag.standard) option.default(true);
  command.addOption(option);
  if (flag.standard) command.addOption(new Option(`--no-${longName(flag.flags)}`).hideHelp());
}

/** commander takes every `--no-x` for the opposite of `--x`; ours may take values, and exclude each other. */
function standAlone(option: Option): void {
  const name = camel(option.name());
  option.negate = false;
  option.attributeName = () => name;
}

function wholeNumber(name: string, value: string): number {
  if (!/^-?\d+$/.test(value)) throw fail('usage.invalid', `--${name} takes a whole number, not "${value}"`);
  return Number(value);
}

/** commander's sentence without its prefix; its suggestion as the hint. */
function usageError(error: CommanderError, table: Table, argv: readonly string[]): OrcError {
  const [sentence = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (?:one of )?(.*?)\?\)/.exec(more.join(' '))?.[1];
  const known = commandOf(table, argv).row?.name ?? argv.find((word) => Object.hasOwn(table.nouns, word));
  const help = known === undefined ? 'orc --help' : `orc ${known} --help`;
  const hint = meant === undefined ? `see "${help}"` : `did you mean ${meant}?`;
  return fail('usage.invalid', sentence.replaceAll("'", '"'), { hint });
}

const PROGRESS = ['auto', 'tty', 'plain', 'json', 'quiet'] as const;

function globalsOf(flags: Flags): Globals {
  const [projectName, projectDirectory] = [flags.text('project-name'), flags.text('project-directory')];
  const host = flags.text('host');
  return {
    files: flags.list('file'),
    profiles: flags.list('profile').flatMap((each) => each.split(',')),
    envFiles: flags.list('env-file'),
    progress: PROGRESS.find((each) => each === flags.text('progress')) ?? 'auto',
    ansi: (flags.text('ansi') ?? 'auto') as Globals['ansi'],
    ...(projectName === undefined ? {} : { projectName }),
    ...(projectDirectory === undefined ? {} : { projectDirectory }),
    ...(host === undefined ? {} : { host }),
  };
}
