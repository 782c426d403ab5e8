/** The mounts of other containers for a new one (`--volumes-from`). */
import { allMounts, anonymousName } from '@orc/agent';
import type { VolumesFrom } from '@orc/api';
import type { BindMount, Container, ImageConfig, Mount, VolumeMount } from '@orc/model';

/** The lenders in their order: a later one wins, and what the new container says itself wins over all. */
export function withLentMounts(
  own: readonly Mount[],
  lenders: readonly {
    readonly from: VolumesFrom;
    readonly container: Container;
    readonly image: ImageConfig | undefined;
  }[],
): readonly Mount[] {
  const byTarget = new Map<string, Mount>();
  for (const { from, container, image } of lenders)
    for (const mount of lentMounts(container, image))
      byTarget.set(normal(mount.target), from.readOnly === true ? { ...mount, readOnly: true } : mount);
  for (const mount of own) byTarget.delete(normal(mount.target));
  return [...byTarget.values(), ...own];
}

const normal = (target: string): string => target.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');

/** Paths of the host and volumes; a tmpfs is a container's own, as are its secrets. */
function lentMounts(
  container: Container,
  image: ImageConfig | undefined,
): readonly (BindMount | VolumeMount)[] {
  const all = allMounts(container.spec.mounts ?? [], image ?? {});
  return all.flatMap((mount): readonly (BindMount | VolumeMount)[] => {
    if (mount.type === 'bind') return [mount];
    return mount.type === 'volume' ? [named(container, mount)] : [];
  });
}

/** A volume without a name has one on the host, also before the first start that makes it. */
function named(container: Container, mount: VolumeMount): VolumeMount {
  if (mount.source !== undefined) return mount;
  const known = container.volumes?.[mount.target]?.name;
  return { ...mount, source: known ?? anonymousName(container, mount.target) };
}
