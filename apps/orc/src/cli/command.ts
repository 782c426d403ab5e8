/** The form of a row of the command table, and of what its body gets. */
import type { Context } from './context.ts';

/** `on`: a switch; `text`: takes a value; `list`: may be repeated; `number`: a whole number. */
export type Flag = {
  readonly kind: 'on' | 'text' | 'list' | 'number';
  /** `-d, --detach` or `--name <name>`. */
  readonly flags: string;
  readonly about: string;
  /** For a switch that is on unless `--x=false` is said. */
  readonly standard?: true;
  readonly choices?: readonly string[];
  /** Long name of the flag that this is another name of. */
  readonly as?: string;
  /** Taken, and not shown by help. */
  readonly hidden?: boolean;
};

export type Body = (context: Context, args: readonly string[], flags: Flags) => Promise<number>;

export type CommandRow = {
  /** `container run`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** `<image> [command] [args...]`. */
  readonly args?: string;
  readonly summary: string;
  /** Where help lists it; default Project. */
  readonly group?: 'Project' | 'Engine';
  readonly flags?: readonly Flag[];
  readonly examples: readonly string[];
  /** What stands after the first argument belongs to the program that is run. */
  readonly passThrough?: true;
  /** What shells complete the arguments with. */
  readonly completes?: 'service' | 'container' | 'image' | 'network' | 'volume' | 'project';
  /** Loaded when the command is run: starting up is what a command line does most. */
  readonly load: () => Promise<Body>;
};

/** Read by the long name as it is written: `flags.on('no-deps')`. */
export type Flags = {
  on(name: string): boolean;
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  number(name: string): number | undefined;
};

export const on = (flags: string, about: string): Flag => ({ kind: 'on', flags, about });
export const standard = (flags: string, about: string): Flag => ({
  kind: 'on',
  flags,
  about,
  standard: true,
});
export const text = (flags: string, about: string): Flag => ({ kind: 'text', flags, about });
export const list = (flags: string, about: string): Flag => ({ kind: 'list', flags, about });
export const number = (flags: string, about: string): Flag => ({ kind: 'number', flags, about });
export const choice = (flags: string, about: string, choices: readonly string[]): Flag => ({
  kind: 'text',
  flags,
  about,
  choices,
});

/** `detach` of `-d, --detach`; `name` of `--name <name>`; the short one when there is no other. */
export const longName = (flags: string): string =>
  /--([a-z0-9][a-z0-9-]*)/i.exec(flags)?.[1] ?? flags.replace(/^-/, '').slice(0, 1);

export const camel = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Over the values that commander collected. */
export function flagsOf(values: Readonly<Record<string, unknown>>): Flags {
  const of = (name: string): unknown => values[camel(name)];
  return {
    on: (name) => of(name) === true,
    text: (name) => of(name) as string | undefined,
    list: (name) => (of(name) as readonly string[] | undefined) ?? [],
    number: (name) => of(name) as number | undefined,
  };
}
