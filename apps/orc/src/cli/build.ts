/** The command table as commander's commands. */
import { Command, CommanderError, Option } from 'commander';
import { type OrcError, fail } from '@orc/model';
import { type CommandRow, type Flag, type Flags, camel, flagsOf, longName } from './command.ts';
import { settingsOf } from './compose-env.ts';
import type { Globals } from './context.ts';
import { withHelp } from './help.ts';
import type { Io } from './io.ts';
import { commandOf, globalsFirst, plainSwitches } from './switches.ts';

export type Invocation = {
  readonly row: CommandRow;
  readonly args: readonly string[];
  readonly flags: Flags;
};

export type Table = {
  readonly commands: readonly CommandRow[];
  readonly nouns: Readonly<Record<string, string>>;
  readonly globals: readonly Flag[];
  /** What other command lines have and this one has not, with a hint; and what it has under another name. */
  readonly notYet: Readonly<Record<string, string>>;
  readonly elsewhere: Readonly<Record<string, string>>;
  readonly version: string;
};

/** What argv asks for; undefined when it was help or the version, which is printed then. Throws `usage.invalid`. */
export function parseArgv(
  table: Table,
  given: readonly string[],
  io: Io,
): { readonly globals: Globals; readonly invocation: Invocation } | undefined {
  const plain = withHelp(table, given);
  const argv = globalsFirst(table, plain);
  const small = trimmed(table, argv);
  try {
    if (small !== undefined) return parseWith(small, argv, SILENT, io.env);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  try {
    return parseWith(table, argv, shownOn(io), io.env);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (SHOWN.has(error.code)) return undefined;
    throw usageError(error, table, argv);
  }
}

type Parsed = { readonly globals: Globals; readonly invocation: Invocation };

function parseWith(table: Table, argv: readonly string[], shown: Shown, env: Io['env']): Parsed | undefined {
  let invocation: Invocation | undefined;
  const program = build(table, shown, (row, args, flags) => {
    invocation = { row, args, flags };
  });
  program.parse(plainSwitches(table, argv), { from: 'user' });
  if (invocation === undefined) return undefined;
  const flags = flagsOf(program.opts());
  return { globals: { ...globalsOf(flags), ...settingsOf(invocation.row, flags, env) }, invocation };
}

/**
 * The command that argv names, with the flags that it may name: making all of them takes longer than most commands
 * run. Help and refusals, which show the others too, are made anew from the whole table.
 */
function trimmed(table: Table, argv: readonly string[]): Table | undefined {
  const { row } = commandOf(table, argv);
  if (row === undefined) return undefined;
  const named = (flags: readonly Flag[] = []): readonly Flag[] =>
    flags.filter((flag) => flag.standard === true || argv.some((word) => mayName(word, flag)));
  return { ...table, globals: named(table.globals), commands: [{ ...row, flags: named(row.flags) }] };
}

/** `-abc` may be three flags, or one with its value. */
function mayName(word: string, { flags }: Flag): boolean {
  if (!word.startsWith('-')) return false;
  if (word.startsWith('--')) return word.slice(2).split('=', 1)[0] === longName(flags);
  return word.includes(flags[1] as string);
}

const SHOWN = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

type Found = (row: CommandRow, args: readonly string[], flags: Flags) => void;

function build(table: Table, io: Shown, found: Found): Command {
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

/** Where help goes. */
type Shown = { write(text: string): void; columns(): number };
const SILENT: Shown = { write: () => undefined, columns: () => HELP_WIDTH };
const shownOn = (io: Io): Shown => ({
  write: (text) => void io.stdout.write(text),
  columns: () => io.stdout.columns || HELP_WIDTH,
});

function prepare(command: Command, io: Shown): Command {
  return command
    .exitOverride()
    .helpOption('-h, --help', 'Show this help')
    .allowExcessArguments(false)
    .configureHelp({
      showGlobalOptions: false,
      subcommandTerm: (each) => `${each.name()} ${each.usage().replace(/^\[options\] ?/, '')}`.trim(),
      helpWidth: io.columns(),
    })
    .configureOutput({
      writeOut: io.write,
      writeErr: io.write,
      outputError: () => undefined,
    });
}

function addNoun(program: Command, name: string, about: string, io: Shown): Command {
  const noun = prepare(program.command(name), io).description(about).helpGroup('Engine commands:');
  return noun.helpCommand(false);
}

function addCommand(parent: Command, name: string, row: CommandRow, io: Shown, found: Found): void {
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
  if (flag.hidden) option.hideHelp();
  const { as } = flag;
  if (as !== undefined) option.attributeName = () => camel(as);
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
  if (!/^-?\d+$/.test(value))
    throw fail('usage.invalid', `--${name} takes a whole number, not "${value}"`, {
      hint: `such as --${name} ${Number.parseInt(value, 10) || 10}`,
    });
  return Number(value);
}

/** commander's sentence without its prefix; its suggestion as the hint. */
function usageError(error: CommanderError, table: Table, argv: readonly string[]): OrcError {
  const other = unknownVerb(error, table, argv);
  if (other !== undefined) return other;
  const [sentence = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (?:one of )?(.*?)\?\)/.exec(more.join(' '))?.[1];
  const known = commandOf(table, argv).row?.name ?? argv.find((word) => Object.hasOwn(table.nouns, word));
  const help = known === undefined ? 'orc --help' : `orc ${known} --help`;
  const hint = meant === undefined ? `see "${help}"` : `did you mean ${meant}?`;
  return fail('usage.invalid', sentence.replaceAll("'", '"'), { hint });
}

/** A verb that is known from docker: what is spelled alike here may do something else entirely. */
function unknownVerb(error: CommanderError, table: Table, argv: readonly string[]): OrcError | undefined {
  const word = /unknown command '([^']*)'/.exec(error.message)?.[1];
  if (word === undefined) return undefined;
  const noun = argv.slice(0, argv.indexOf(word)).find((each) => Object.hasOwn(table.nouns, each));
  const name = noun === undefined ? word : `${noun} ${word}`;
  if (Object.hasOwn(table.elsewhere, name))
    return fail('usage.invalid', `unknown command "${name}"`, {
      hint: `it is "orc ${table.elsewhere[name]}"`,
    });
  if (name === 'compose')
    return fail('usage.invalid', 'unknown command "compose"', { hint: 'leave out the word compose' });
  const hint = Object.hasOwn(table.notYet, name) ? table.notYet[name] : undefined;
  return hint === undefined
    ? undefined
    : fail('usage.invalid', `orc ${name} is not in this version`, { hint });
}

function globalsOf(flags: Flags): Omit<Globals, keyof ReturnType<typeof settingsOf>> {
  const [projectName, projectDirectory] = [flags.text('project-name'), flags.text('project-directory')];
  const host = flags.text('host');
  return {
    files: flags.list('file'),
    profiles: flags.list('profile').flatMap((each) => each.split(',')),
    envFiles: flags.list('env-file'),
    ...(projectName === undefined ? {} : { projectName }),
    ...(projectDirectory === undefined ? {} : { projectDirectory }),
    ...(host === undefined ? {} : { host }),
  };
}
