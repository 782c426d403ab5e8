/** What this host's kernel has, for plan/features.ts to judge. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelFacts } from '../plan/features.ts';
import { detectCgroups } from './cgroups.ts';
import { hostBounding } from './identity.ts';

const APPARMOR = '/sys/kernel/security/apparmor';

export function kernelFacts(): KernelFacts {
  const cgroups = detectCgroups();
  return {
    bounding: hostBounding(),
    apparmor: existsSync(APPARMOR),
    cgroups,
    controllers: cgroups.v2 === undefined ? [] : controllersOf(cgroups.v2),
  };
}

function controllersOf(hierarchy: string): readonly string[] {
  try {
    return readFileSync(join(hierarchy, 'cgroup.controllers'), 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
