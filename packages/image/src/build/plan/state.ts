/** What a stage has come to: the image's config, and the variables that its instructions see. */
import type { ImageConfig } from '@orc/model';
import type { Pair } from './instruction.ts';

export type StageState = {
  readonly config: ImageConfig;
  /** ENV and ARG together, as RUN sees them; the later one wins. */
  readonly env: Readonly<Record<string, string>>;
  /** CMD stood in this stage; ENTRYPOINT clears an inherited one only. */
  readonly cmdSet: boolean;
  readonly author?: string;
};

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

export const SCRATCH_CONFIG: ImageConfig = { Env: [`PATH=${DEFAULT_PATH}`] };

/** A stage on top of an image or of another stage. Triggers have run their course: they are not inherited. */
export function startState(base: ImageConfig, author?: string): StageState {
  const { OnBuild: _, ...config } = base;
  return { config, env: envRecord(config.Env), cmdSet: false, ...(author === undefined ? {} : { author }) };
}

export function envRecord(list: readonly string[] | undefined): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const each of list ?? []) {
    const at = each.indexOf('=');
    env[at === -1 ? each : each.slice(0, at)] = at === -1 ? '' : each.slice(at + 1);
  }
  return env;
}

export function withEnv(state: StageState, pairs: readonly Pair[]): StageState {
  const list = [...(state.config.Env ?? [])];
  for (const { name, value } of pairs) {
    const at = list.findIndex((each) => each === name || each.startsWith(`${name}=`));
    if (at === -1) list.push(`${name}=${value}`);
    else list[at] = `${name}=${value}`;
  }
  const added = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  return { ...state, config: { ...state.config, Env: list }, env: { ...state.env, ...added } };
}

export const withConfig = (state: StageState, change: Partial<ImageConfig>): StageState => ({
  ...state,
  config: { ...state.config, ...change },
});

export const shellOf = (config: ImageConfig): readonly string[] =>
  config.Shell === undefined || config.Shell.length === 0 ? DEFAULT_SHELL : config.Shell;

export const workingDirOf = (config: ImageConfig): string => config.WorkingDir || '/';
