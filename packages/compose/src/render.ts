/** The canonical model as `config` prints it. */
import { stringify } from 'yaml';
import type { ComposeModel } from './compose-model.ts';

export type RenderOptions = {
  /** Write `$` as `$$`, so that the output can be loaded again. Default true. */
  readonly escapeDollars?: boolean;
};

const FIRST = ['name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'models'];

export function renderJson(model: ComposeModel, options: RenderOptions = {}): string {
  return `${JSON.stringify(prepared(model, options), undefined, 2)}\n`;
}

/** For readers of YAML 1.1 as well: `on`, `yes` and `1:30` are quoted, as docker compose quotes them. */
export function renderYaml(model: ComposeModel, options: RenderOptions = {}): string {
  return stringify(prepared(model, options), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    nullStr: 'null',
    compat: 'yaml-1.1',
  });
}

function prepared(model: ComposeModel, options: RenderOptions): unknown {
  const entries = Object.entries(model).sort(([a], [b]) => rank(a) - rank(b));
  const value = Object.fromEntries(entries);
  return options.escapeDollars === false ? value : escaped(value);
}

const rank = (key: string): number => (FIRST.indexOf(key) + FIRST.length + 1) % (FIRST.length + 1);

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escaped);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escaped(each)]));
}
