/** Which boot of the kernel this is, and whether the daemon before ran in another. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '@orc/disk';

export type Boot = {
  readonly rebooted: boolean;
  /** From now on a daemon in this boot is not the first. */
  note(): Promise<void>;
};

/**
 * DECISIONS 4: a reboot is known by the kernel's boot id and a marker in the run folder. It is noted when all that the
 * reboot ended is known to have ended by it: else another daemon would take that for failures.
 */
export async function bootOf(run: string): Promise<Boot> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const marker = join(run, 'boot-id');
  const rebooted = (await readFile(marker, 'utf8').catch(() => '')) !== boot;
  const note = async (): Promise<void> => {
    if (!rebooted) return;
    await mkdir(run, { recursive: true, mode: 0o711 });
    replaceFile(marker, boot);
  };
  return { rebooted, note };
}
