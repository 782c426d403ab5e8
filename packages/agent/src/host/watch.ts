/** The health watch of a container, when it has one. */
import { type Health, healthcheckOf } from '@orc/model';
import type { Running } from '@orc/runtime';
import { probeOf } from '../plan/health.ts';
import type { LifeDeps } from './deps.ts';
import { type HealthWatch, watchHealth } from './health.ts';
import type { Life } from './life.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

export function watchLife(
  life: Life,
  running: Running,
  health: Health,
  deps: LifeDeps,
  onChange: (health: Health) => void,
): HealthWatch | undefined {
  const config = life.image?.config ?? {};
  const probe = probeOf(life.stored.spec.healthcheck, healthcheckOf(config), config.Shell ?? DEFAULT_SHELL);
  if (probe === undefined) return undefined;
  const start = health === 'none' ? 'starting' : health;
  return watchHealth(
    running,
    probe,
    { clock: deps.clock, slots: deps.probes, jitter: deps.jitter, onChange },
    { health: start, failures: 0 },
  );
}
