/** What docker compose reads of its environment besides what concerns the files: for its verbs, not for the engine's. */
import { fail } from '@orc/model';
import type { ProgressMode } from '../report/reporter.ts';
import type { CommandRow, Flags } from './command.ts';
import type { Globals } from './context.ts';
import type { Io } from './io.ts';

type Settings = Pick<Globals, 'progress' | 'ansi' | 'statusOnStdout' | 'warnings'>;

/** Flags go before the environment. Throws `usage.invalid` for a progress that there is not, as docker compose does. */
export function settingsOf(row: CommandRow, flags: Flags, env: Io['env']): Settings {
  const given = isOfCompose(row) ? env : {};
  const ansi = flags.text('ansi') ?? given['COMPOSE_ANSI'];
  return {
    progress: progressOf(flags.text('progress'), given['COMPOSE_PROGRESS']),
    ansi: ANSI.find((each) => each === ansi) ?? 'auto',
    statusOnStdout: isOn(given['COMPOSE_STATUS_STDOUT']),
    warnings: IGNORED.flatMap(([name, applies, why]) =>
      applies(given[name] ?? '') ? [`${name}=${given[name]} has no effect: ${why}`] : [],
    ),
  };
}

export const isOfCompose = (row: CommandRow): boolean => !row.name.includes(' ') && row.group !== 'Engine';

const ANSI = ['auto', 'never', 'always'] as const;
const PROGRESS: readonly ProgressMode[] = ['auto', 'tty', 'plain', 'json', 'quiet'];

function progressOf(flag: string | undefined, variable = ''): ProgressMode {
  const wanted = flag ?? (variable || 'auto');
  const mode = PROGRESS.find((each) => each === wanted);
  if (mode !== undefined) return mode;
  throw fail('usage.invalid', `COMPOSE_PROGRESS cannot be "${wanted}"`, {
    hint: `it is ${PROGRESS.join(', ')}`,
  });
}

/** As docker compose reads its variables. */
export const isOn = (text = ''): boolean => ['1', 't', 'true', 'y', 'yes', 'on'].includes(text.toLowerCase());

/** Less than 1 is no limit. */
const isLimit = (text: string): boolean => text !== '' && !/^(?:-\d+|0)$/.test(text);

type Ignored = readonly [name: string, applies: (text: string) => boolean, why: string];
const IGNORED: readonly Ignored[] = [
  ['COMPOSE_PARALLEL_LIMIT', isLimit, 'the daemon decides how much is done at a time'],
  ['COMPOSE_COMPATIBILITY', isOn, 'names are joined with "-", and deploy is honoured anyway'],
  ['COMPOSE_ANSI', (text) => text !== '' && !ANSI.some((each) => each === text), `it is ${ANSI.join(', ')}`],
];
