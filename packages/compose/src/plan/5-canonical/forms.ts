/** One function per `FormName` of the attribute table. */
import type { FormName } from '../attributes/row.ts';
import { type Node, type Path, mapItems, scalar, seq, textOf } from '../node.ts';
import type { FormContext } from './canonical.ts';
import { dependsOn, envFiles, external, fileRefs, models, networks } from './collections.ts';
import { command, healthTest } from './command.ts';
import { device, deviceCount, gpus, ulimit } from './devices.ts';
import { args, environment, extraHosts, labels, ssh, stringMap, contexts } from './mappings.ts';
import { buildContext, filePath, relativePath } from './paths.ts';
import { ports } from './ports.ts';
import { bool, bytes, duration, float, int, mode, sizeOrUnlimited, text } from './scalars.ts';
import { volumes } from './volumes.ts';

export type Form = (context: FormContext, node: Node, path: Path) => Node;

export const FORMS: Readonly<Record<FormName, Form>> = {
  args,
  bool,
  buildContext,
  bytes,
  command,
  contexts,
  dependsOn,
  device,
  deviceCount,
  duration,
  environment,
  envFiles,
  expose: (_context, node) => (node.kind === 'seq' ? mapItems(node, text) : node),
  external,
  extraHosts,
  file: filePath,
  fileRefs,
  float,
  gpus,
  healthTest,
  int,
  labels,
  mode,
  models,
  networks,
  path: relativePath,
  ports,
  sizeOrUnlimited,
  ssh,
  string: (_context, node) => text(node),
  strings: (_context, node) =>
    node.kind === 'scalar' && node.value !== null
      ? seq([scalar(textOf(node) ?? '', node.place)], node.place)
      : node,
  stringMap,
  ulimit,
  volumes,
};
