/** How many, in which order, and how changes are rolled out. */
import { type DependsOn, type PullPolicy, type UpdateConfig, parseDurationMs } from '@orc/model';
import type { ModelService } from '../../compose-model.ts';
import { type ServiceContext, defined, invalid, refuse } from './context.ts';

export function scaleOf(service: ModelService): { mode: 'replicated' | 'global'; replicas: number } {
  const mode = service.deploy?.mode === 'global' ? 'global' : 'replicated';
  return { mode, replicas: service.scale ?? service.deploy?.replicas ?? 1 };
}

export function dependsOnOf(service: ModelService): readonly DependsOn[] {
  return Object.entries(service.depends_on ?? {}).map(([name, { condition, restart, required }]) =>
    defined({
      service: name,
      condition: condition as DependsOn['condition'],
      restart: restart || undefined,
      required: required === false ? false : undefined,
    }),
  );
}

/** The one host is a manager. */
export function checkPlacement(context: ServiceContext, service: ModelService): void {
  (service.deploy?.placement?.constraints ?? []).forEach((constraint, index) => {
    if (constraint.replaceAll(' ', '') === 'node.role==manager') return;
    const path = ['deploy', 'placement', 'constraints', index];
    refuse(context, path, `"${constraint}" cannot be held on one host`, 'remove it');
  });
}

const POLICIES: readonly PullPolicy[] = ['always', 'never', 'missing', 'build'];

export const pullPolicyOf = (service: ModelService): PullPolicy =>
  POLICIES.find((each) => each === service.pull_policy) ?? 'missing';

const FAILURE_ACTIONS = ['pause', 'continue', 'rollback'] as const;

/** DECISIONS 2: with an update_config, even a partial one, Swarm's defaults fill its gaps. */
export function updateOf(context: ServiceContext, service: ModelService): UpdateConfig | undefined {
  const from = service.deploy?.update_config;
  if (from === undefined) return undefined;
  const action = from.failure_action ?? 'pause';
  const failureAction = FAILURE_ACTIONS.find((each) => each === action);
  if (failureAction === undefined) {
    const path = ['deploy', 'update_config', 'failure_action'];
    invalid(context, path, `cannot be "${action}"`, 'it is pause, continue or rollback');
  }
  return {
    parallelism: from.parallelism ?? 1,
    delayMs: parseDurationMs(from.delay ?? '0') ?? 0,
    failureAction: failureAction ?? 'pause',
    monitorMs: parseDurationMs(from.monitor ?? '5s') ?? 5000,
    maxFailureRatio: from.max_failure_ratio ?? 0,
    order: from.order === 'start-first' ? 'start-first' : 'stop-first',
  };
}
