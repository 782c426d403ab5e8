/** Whether this kernel can keep containers from sending in the name of others; asked once. */
import type { Emit, Kernel } from '@orc/model';
import { planGuardProbe } from '../plan/netplan.ts';

export type SpoofGuard = {
  /** `link`: one of the host's namespace; its filters stay as they are. */
  readonly look: (link: number) => Promise<void>;
  readonly there: () => boolean;
};

const MISSING =
  'containers can send in the name of their neighbours: this kernel lacks sch_ingress or cls_bpf';

export function openSpoofGuard(kernel: Kernel, emit: Emit): SpoofGuard {
  let there = false;
  return {
    look: async (link) => {
      const failed = (error: unknown): void => emit('warn', MISSING, { error: String(error) });
      await kernel.run(planGuardProbe(link)).then(() => (there = true), failed);
    },
    there: () => there,
  };
}
