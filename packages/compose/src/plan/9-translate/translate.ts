/** Phase 9: the canonical model to what the daemon takes. Only what active services use goes along. */
import type { Project, ProjectService } from '@orc/model';
import type { ComposeModel, ModelService } from '../../compose-model.ts';
import type { Inputs } from '../1-read/inputs.ts';
import { type Loading, hasErrors } from '../loading.ts';
import type { MapNode } from '../node.ts';
import { buildOf } from './build.ts';
import { containerOf } from './container.ts';
import { type ServiceContext, type Translating, defined, refuse } from './context.ts';
import { filesOf } from './files.ts';
import { type Origin, labelsOf } from './labels.ts';
import { linkAliasesOf } from './links.ts';
import { networksOf, volumesOf } from './resources.ts';
import { checkPlacement, dependsOnOf, pullPolicyOf, scaleOf, updateOf } from './rollout.ts';

type Wanted = {
  /** Services whose profiles are off. */
  readonly disabled: readonly string[];
  /** Secrets and configs are wanted, which only containers need. */
  readonly contents: boolean;
};

/** Undefined while facts are missing. Refusals are reported, and the caller drops the project then. */
export function translate(
  loading: Loading,
  tree: MapNode,
  model: ComposeModel,
  inputs: Inputs,
  { disabled, contents }: Wanted,
): Project | undefined {
  const context: Translating = {
    loading,
    tree,
    model,
    directory: inputs.projectDir,
    whole: !hasErrors(loading),
    linkAliases: linkAliasesOf(model),
  };
  const origin: Origin = {
    project: model.name,
    workingDir: inputs.projectDir,
    configFiles: inputs.files,
    envFiles: inputs.envFiles,
  };
  const secrets = contents ? filesOf(context, 'secrets', inputs.variables) : [];
  const configs = contents ? filesOf(context, 'configs', inputs.variables) : [];
  const services = Object.entries(model.services).map(([name, service]) =>
    serviceOf({ ...context, name, service }, origin),
  );
  if (loading.needs.size > 0) return undefined;
  return {
    name: model.name,
    workingDir: inputs.projectDir,
    configFiles: inputs.files,
    services,
    ...(disabled.length === 0 ? {} : { disabled }),
    networks: networksOf(context),
    volumes: volumesOf(context),
    secrets,
    configs,
  };
}

function serviceOf(context: ServiceContext, origin: Origin): ProjectService {
  const { name, service } = context;
  const image = service.image || `${origin.project}-${name}`;
  if (context.whole) sharedScale(context, service);
  checkPlacement(context, service);
  return defined({
    service: name,
    ...scaleOf(service),
    dependsOn: dependsOnOf(service),
    update: updateOf(context, service),
    containerName: service.container_name || undefined,
    container: containerOf(context, image, labelsOf(name, service, origin)),
    build: service.build === undefined ? undefined : buildOf(context, service.build),
    pullPolicy: pullPolicyOf(service),
    attach: service.attach !== false,
    profiles: service.profiles ?? [],
  });
}

/** DECISIONS 7, once all numbers are known: who shares a namespace goes slot by slot with the other service. */
function sharedScale(context: ServiceContext, service: ModelService): void {
  for (const key of ['network_mode', 'ipc', 'pid'] as const) {
    const target = service[key]?.startsWith('service:') ? service[key].slice('service:'.length) : undefined;
    const other = target === undefined ? undefined : context.model.services[target];
    if (other === undefined || scaleOf(other).replicas === scaleOf(service).replicas) continue;
    refuse(
      context,
      [key],
      `it joins "${target}", which has another number of replicas`,
      'give both the same scale',
    );
  }
}
