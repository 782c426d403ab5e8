/**
 * The finished tree as plain data in the shape of `docker compose config`. Keys are sorted, as docker
 * prints them.
 */
import type { ComposeModel } from '../../compose-model.ts';
import { ROOT, type RowNode, below } from '../attributes/table.ts';
import { type MapNode, type Node, type Plain, get, withEntries, mapValues, scalar } from '../node.ts';

const SIZES = new Set(['bytes', 'sizeOrUnlimited']);

export function toModel(tree: MapNode): ComposeModel {
  const services = get(tree, 'services');
  const complete =
    services?.kind === 'map' ? withEntries(tree, { services: mapValues(services, withProgram) }) : tree;
  return plainOf(complete, ROOT) as unknown as ComposeModel;
}

/** `command` and `entrypoint` are always there; null stands for the image's. */
function withProgram(service: Node): Node {
  if (service.kind !== 'map') return service;
  const nothing = scalar(null, service.place);
  return withEntries(service, {
    command: get(service, 'command') ?? nothing,
    entrypoint: get(service, 'entrypoint') ?? nothing,
  });
}

function plainOf(node: Node, row: RowNode | undefined): Plain {
  if (node.kind === 'seq') return node.items.map((item) => plainOf(item, row?.children.get('*')));
  if (node.kind === 'scalar') {
    const isSize = SIZES.has(row?.row?.form ?? '') && typeof node.value === 'number';
    return isSize ? String(node.value) : node.value;
  }
  const keys = [...node.entries.keys()].sort(order);
  return Object.fromEntries(
    keys.map((key) => [key, plainOf(node.entries.get(key)?.value as Node, below(row, key))]),
  );
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
