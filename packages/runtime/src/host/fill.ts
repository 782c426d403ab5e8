/** Fresh volumes get what the image has. */
import { existsSync } from 'node:fs';
import { fillPlan, markerOf, volumesToFill } from '../plan/fill.ts';
import type { StartRequest } from '../types.ts';
import { prepareFolder } from './folder.ts';
import type { Host } from './running.ts';

/** Undefined when there is nothing to do: every volume has been filled. */
export function fillVolumes(host: Host, request: StartRequest): (() => Promise<void>) | undefined {
  const fresh = volumesToFill(request.mounts).filter(({ source }) => !existsSync(markerOf(source)));
  if (fresh.length === 0) return undefined;
  const layers = [host.skeleton, ...request.image.layers];
  return async () => {
    prepareFolder(request);
    await host.launcher.run(fillPlan(request.folder, layers, fresh));
  };
}
