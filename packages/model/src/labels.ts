/** The labels by which docker's tools know what belongs to a compose project, and what nobody named. */
export const COMPOSE_LABEL_PREFIX = 'com.docker.compose.';

export const COMPOSE_LABELS = {
  project: `${COMPOSE_LABEL_PREFIX}project`,
  service: `${COMPOSE_LABEL_PREFIX}service`,
  /** `True` or `False`. */
  oneOff: `${COMPOSE_LABEL_PREFIX}oneoff`,
  configHash: `${COMPOSE_LABEL_PREFIX}config-hash`,
  dependsOn: `${COMPOSE_LABEL_PREFIX}depends_on`,
  configFiles: `${COMPOSE_LABEL_PREFIX}project.config_files`,
  workingDir: `${COMPOSE_LABEL_PREFIX}project.working_dir`,
  environmentFile: `${COMPOSE_LABEL_PREFIX}project.environment_file`,
  network: `${COMPOSE_LABEL_PREFIX}network`,
  volume: `${COMPOSE_LABEL_PREFIX}volume`,
} as const;

/** Of a volume that nobody named. */
export const ANONYMOUS_VOLUME_LABEL = 'com.docker.volume.anonymous';
