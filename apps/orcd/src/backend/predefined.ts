/** Networks that every host has, and no state: `bridge`, `host` and `none`. */
import { createHash } from 'node:crypto';
import type { AssignedNetwork, NetworkObj, NodeObj, ObjectId } from '@orc/model';

/** Their ids follow from the node's, so that they stay the same, and no two nodes share one. */
export function predefinedNetworks(
  node: Pick<NodeObj, 'id' | 'createdAt'>,
  bridge: Pick<AssignedNetwork, 'name' | 'spec' | 'status'>,
): readonly NetworkObj[] {
  const nowhere = { subnets: [], index: 0, blocks: [] };
  const rows = [
    { name: bridge.name, spec: bridge.spec, status: bridge.status },
    { name: 'host', spec: { driver: 'host' }, status: nowhere },
    { name: 'none', spec: { driver: 'null' }, status: nowhere },
  ] as const;
  return rows.map((row) => ({
    kind: 'network',
    id: idOf(node.id, row.name),
    ...row,
    specVersion: 1,
    statusVersion: 1,
    createdAt: node.createdAt,
  }));
}

function idOf(node: ObjectId, name: string): ObjectId {
  const digest = createHash('sha256').update(`${node}/${name}`).digest('hex');
  return BigInt(`0x${digest}`).toString(36).padStart(25, '0').slice(-25) as ObjectId;
}
