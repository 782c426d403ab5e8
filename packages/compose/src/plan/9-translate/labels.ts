/** The labels by which other tools know what belongs to compose. */
import { COMPOSE_LABELS } from '@orc/model';
import type { ModelService, StringMap } from '../../compose-model.ts';

export type Origin = {
  readonly project: string;
  readonly workingDir: string;
  readonly configFiles: readonly string[];
  readonly envFiles: readonly string[];
};

/** `container-number` and `image` are not known here: the agent adds them. */
export function labelsOf(name: string, service: ModelService, origin: Origin): StringMap {
  return {
    ...service.labels,
    [COMPOSE_LABELS.project]: origin.project,
    [COMPOSE_LABELS.service]: name,
    [COMPOSE_LABELS.oneOff]: 'False',
    [COMPOSE_LABELS.configHash]: configHash(service),
    [COMPOSE_LABELS.dependsOn]: dependencies(service),
    [COMPOSE_LABELS.configFiles]: origin.configFiles.join(','),
    [COMPOSE_LABELS.workingDir]: origin.workingDir,
    ...(origin.envFiles.length === 0 ? {} : { [COMPOSE_LABELS.environmentFile]: origin.envFiles.join(',') }),
  };
}

const dependencies = (service: ModelService): string =>
  Object.entries(service.depends_on ?? {})
    .map(([name, each]) => `${name}:${each.condition}:${each.restart === true}`)
    .join(',');

/**
 * What does not change a container is not in the hash, as in compose. The model's keys are sorted.
 * `node:crypto` is loaded on use: importing it costs more than reading a file's model.
 */
export function configHash(service: ModelService): string {
  const {
    build: _build,
    pull_policy: _pull,
    scale: _scale,
    depends_on: _depends,
    profiles: _profiles,
    ...rest
  } = service;
  const { replicas: _replicas, ...deploy } = service.deploy ?? {};
  const text = JSON.stringify(service.deploy === undefined ? rest : { ...rest, deploy });
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
}

export const networkLabels = (project: string, key: string, own: StringMap | undefined): StringMap => ({
  ...own,
  [COMPOSE_LABELS.project]: project,
  [COMPOSE_LABELS.network]: key,
});

export const volumeLabels = (project: string, key: string, own: StringMap | undefined): StringMap => ({
  ...own,
  [COMPOSE_LABELS.project]: project,
  [COMPOSE_LABELS.volume]: key,
});
