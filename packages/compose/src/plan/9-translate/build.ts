/** `build` to what the builder takes. */
import type { BuildSpec } from '@orc/model';
import type { ModelBuild } from '../../compose-model.ts';
import { isRemote } from '../5-canonical/paths.ts';
import { factOf, shownName, warn } from '../loading.ts';
import { type ServiceContext, defined, refuse, written } from './context.ts';
import { hostsOf } from './network.ts';

export function buildOf(context: ServiceContext, build: ModelBuild): BuildSpec {
  checkContext(context, build.context);
  const [platform, ...others] = build.platforms ?? [];
  if (others.length > 0) {
    refuse(
      context,
      ['build', 'platforms', 1],
      'one platform can be built for',
      'keep the platform of this host',
    );
  }
  return defined({
    context: build.context,
    dockerfile: build.dockerfile,
    dockerfileInline: build.dockerfile_inline,
    args: build.args,
    target: build.target,
    labels: build.labels,
    noCache: build.no_cache,
    pull: build.pull,
    tags: build.tags,
    platform: platform ?? context.service.platform,
    network: build.network,
    shmSizeBytes: build.shm_size === undefined ? undefined : Number(build.shm_size),
    extraHosts: hostsOf(build.extra_hosts),
  });
}

/** A warning only: nothing is built while the image is there. */
function checkContext(context: ServiceContext, path: string): void {
  if (isRemote(path)) {
    refuse(context, ['build', 'context'], `"${path}" is not a local folder`, 'clone it and name the folder');
    return;
  }
  const fact = factOf(context.loading, path);
  if (fact === undefined || fact.kind === 'directory') return;
  const why = fact.kind === 'missing' ? 'does not exist' : 'is not a folder';
  const message = `the build context ${shownName(context.loading, path)} ${why}`;
  warn(
    context.loading,
    'compose.file',
    written(context, ['build', 'context']),
    message,
    'building will fail',
  );
}
