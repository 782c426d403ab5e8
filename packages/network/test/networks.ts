/** Networks as an assignment has them. */
import type { AssignedNetwork, ObjectId } from '@orc/model';

export const network = (
  name: string,
  index: number,
  more: { internal?: boolean; id?: string; options?: Readonly<Record<string, string>> } = {},
): AssignedNetwork => ({
  id: (more.id ?? `n${index}`.padEnd(25, '0')) as ObjectId,
  name,
  spec: {
    driver: 'bridge',
    ...(more.internal === true ? { internal: true } : {}),
    ...(more.options === undefined ? {} : { options: more.options }),
  },
  status: {
    subnets: [{ subnet: `10.77.${index}.0/24`, gateway: `10.77.${index}.1` }],
    index,
    blocks: [{ node: 'node' as ObjectId, cidr: `10.77.${index}.16/28` }],
  },
});

/** With a second subnet, `10.78.INDEX.0/24`. */
export function grown(one: AssignedNetwork): AssignedNetwork {
  const { status, ...rest } = one;
  const subnet = {
    subnet: `10.78.${status.index}.0/24`,
    gateway: `10.78.${status.index}.1`,
  };
  const block = { node: 'node' as ObjectId, cidr: `10.78.${status.index}.16/28` };
  return {
    ...rest,
    status: { ...status, subnets: [...status.subnets, subnet], blocks: [...status.blocks, block] },
  };
}
