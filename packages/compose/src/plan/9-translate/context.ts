/** What the parts of the translation share. */
import { defined as withoutUndefined } from '@orc/model';
import type { ComposeModel, ModelService } from '../../compose-model.ts';
import { type Loading, report, warn } from '../loading.ts';
import { type MapNode, type Node, type Path, at, nearest } from '../node.ts';
import { writtenIndex } from './sound.ts';

export type Translating = {
  readonly loading: Loading;
  readonly tree: MapNode;
  readonly model: ComposeModel;
  /** Nothing was taken out of the tree because it is wrong. */
  readonly whole: boolean;
  /** What relative paths that stay relative until now start from. */
  readonly directory: string;
  /** Names that links give to other services: service to aliases. */
  readonly linkAliases: ReadonlyMap<string, readonly string[]>;
};

export type ServiceContext = Translating & { readonly name: string; readonly service: ModelService };

/** The node that was written for a path below the service, or the nearest one above. */
export const written = (context: ServiceContext, path: Path): Node =>
  nearest(context.tree, ['services', context.name, ...path]);

/** With the indexes that were written. */
function label(context: ServiceContext, path: Path): string {
  const steps: Path = ['services', context.name, ...path];
  const shown = steps.map((step, depth) =>
    typeof step === 'number' ? writtenIndex(at(context.tree, steps.slice(0, depth)), step) : step,
  );
  return shown.join('.');
}

export function refuse(context: ServiceContext, path: Path, why: string, hint?: string): void {
  report(context.loading, 'compose.unsupported', written(context, path), `${label(context, path)}: ${why}`, {
    hint,
  });
}

/** Not a lack of ours: the value is wrong. */
export function invalid(context: ServiceContext, path: Path, why: string, hint?: string): void {
  report(context.loading, 'compose.schema', written(context, path), `${label(context, path)}: ${why}`, {
    hint,
  });
}

export function withoutEffect(context: ServiceContext, path: Path, why: string): void {
  warn(
    context.loading,
    'compose.unsupported',
    written(context, path),
    `${label(context, path)} has no effect: ${why}`,
  );
}

/** Without its undefined members; the type is of a kind that the field it is written to can check. */
export const defined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  withoutUndefined(value) as never;

export const isEmpty = (value: object): boolean => Object.keys(value).length === 0;
