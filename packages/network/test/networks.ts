/** Networks as an assignment has them. */
import type { AssignedNetwork, ObjectId } from '@orc/model';

export const network = (
  name: string,
  index: number,
  more: { internal?: boolean; id?: string } = {},
): AssignedNetwork => ({
  id: (more.id ?? `n${index}`.padEnd(25, '0')) as ObjectId,
  name,
  spec: { driver: 'bridge', ...(more.internal === true ? { internal: true } : {}) },
  status: {
    subnets: [{ subnet: `10.77.${index}.0/24`, gateway: `10.77.${index}.1` }],
    index,
    blocks: [{ node: 'node' as ObjectId, cidr: `10.77.${index}.16/28` }],
  },
});
