/** Verdicts in words. The only place where their sentences are made; nobody reads them but people. */
import type { Health } from './container.ts';
import type { DependsOn } from './objects.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { DependencyFailed, Failure, Follows, NodeRefusal, TaskState, WaitReason } from './verdict.ts';

const CONDITIONS: Readonly<Record<DependsOn['condition'], string>> = {
  service_started: 'to start',
  service_healthy: 'to be healthy',
  service_completed_successfully: 'to complete',
};

type Explained<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: (reason: Extract<T, { readonly kind: K }>) => string;
};

/** One row per reason; without a capital or a full stop, to stand behind "Waiting: ". */
const REFUSALS: Explained<NodeRefusal> = {
  'node-down': ({ node }) => `node ${node} is down`,
  'node-availability': ({ node, availability }) => `node ${node} is set to ${availability}`,
  platform: ({ node, has, wants }) => `node ${node} is ${has}, not ${wants}`,
  'volume-missing': ({ volume }) => `volume ${volume} does not exist`,
  'volume-elsewhere': ({ volume, home }) => `its volume ${volume} is on node ${home}`,
  'port-taken': ({ port, protocol, node, by, leaving }) =>
    leaving
      ? `waits for ${by} to let go of port ${port}/${protocol} of node ${node}`
      : `port ${port}/${protocol} of node ${node} is taken by ${by}`,
};

const WAITS: Explained<WaitReason> = {
  predecessor: () => 'its former container is being removed',
  'no-node': ({ refusals }) =>
    refusals.length === 0 ? 'there is no node' : [...new Set(refusals.map(explainRefusal))].join('; '),
  'volume-down': ({ volume, node }) => `its volume ${volume} is on node ${node}, which is down`,
  'network-missing': ({ network }) => `network ${network} does not exist`,
  'no-subnet': ({ network }) => `no subnet is free for network ${network}`,
  'no-address': ({ network }) => `network ${network} has no free address`,
  'network-leaving': ({ network }) => `waits for the containers on the former network ${network} to go`,
  'address-foreign': ({ network, address }) => `${address} is not an address of network ${network}`,
  'address-taken': ({ address, by, leaving }) =>
    leaving ? `waits for ${by} to let go of ${address}` : `the address ${address} is taken by ${by}`,
  dependency: ({ service, condition }) => `waits for ${service} ${CONDITIONS[condition]}`,
  'dependency-failed': (reason) => `dependency ${reason.service} failed: ${explainCause(reason)}`,
};

const FAILURES: Explained<Failure> = {
  exited: ({ container, code }) => `the container ${container} exited (${code})`,
  unhealthy: ({ container }) => `the container ${container} is unhealthy`,
  unchecked: ({ container }) => `the container ${container} has no health check`,
  'image-missing': ({ container, problem }) =>
    `the container ${container} could not start: ${problem.message}`,
  rejected: ({ container, problem }) => `the container ${container} could not start: ${problem.message}`,
  unstartable: ({ container, problem }) => `the container ${container} could not start: ${problem.message}`,
  'update-paused': ({ failure }) => `its update is paused: ${explainFailure(failure)}`,
  'dependency-failed': (reason) => `its ${WAITS['dependency-failed'](reason)}`,
};

/** One sentence of a table whose row is that of its kind. */
const told = <T extends { readonly kind: string }>(table: Explained<T>, reason: T): string =>
  (table as unknown as Readonly<Record<string, (reason: T) => string>>)[reason.kind]?.(reason) ?? reason.kind;

const HEALTH: Readonly<Record<Health, string>> = {
  none: 'runs',
  starting: 'is not healthy yet',
  healthy: 'is healthy',
  unhealthy: 'is unhealthy',
};

type Row<S> = (state: Extract<TaskState, { readonly state: S }>) => string;
const STATES: { readonly [S in TaskState['state']]: Row<S> } = {
  waiting: ({ reason }) => explainWait(reason),
  creating: () => 'is being made',
  created: () => 'is made',
  starting: () => 'is starting',
  running: ({ health }) => HEALTH[health],
  'backing-off': ({ code, until }) =>
    `exited (${code}) and starts again${until === undefined ? '' : ` at ${new Date(until).toISOString()}`}`,
  exited: ({ code }) => `exited (${code})`,
  failed: ({ failure }) => explainFailure(failure),
  stopping: () => 'is being stopped',
  removing: () => 'is being removed',
};

/** What a container does, to stand behind its name and a colon. */
export const explainState = (state: TaskState): string =>
  (STATES[state.state] as (state: TaskState) => string)(state);

const explainRefusal = (refusal: NodeRefusal): string => told(REFUSALS, refusal);

/** To stand behind "Waiting: ", as others do. */
export const explainTurn = ({ container, monitorMs }: Follows): string =>
  `is replaced when ${container} has run for ${monitorMs / 1000} s (update_config.monitor)`;

export const explainWait = (reason: WaitReason): string => told(WAITS, reason);

export const explainFailure = (failure: Failure): string => told(FAILURES, failure);

function explainCause({ condition, failure }: DependencyFailed): string {
  return condition === 'service_completed_successfully' && failure.kind === 'exited'
    ? `the container ${failure.container} did not complete successfully: exit ${failure.code}`
    : explainFailure(failure);
}

/** Why a service does not come about, for whoever asked for it. */
export function problemOfFailure(service: string, failure: Failure): Problem {
  if (failure.kind === 'dependency-failed') return problemOfDependency(service, failure);
  if (failure.kind === 'update-paused') return problemOfPause(service, failure.failure);
  const hint =
    'problem' in failure ? (failure.problem.hint ?? 'see "orc ps -a"') : whereToLook(service, failure);
  return { code: 'start.failed', message: explainFailure(failure), hint };
}

/** What a probe says is in no log. */
const whereToLook = (service: string, failure: Failure): string =>
  failure.kind === 'unhealthy'
    ? `see what its probes say: orc container inspect --format '{{json .State.Health}}' ${failure.container}`
    : `see "orc logs ${service}"`;

const problemOfPause = (service: string, failure: Failure): Problem => ({
  code: 'start.failed',
  message: `the update of the service ${service} is paused: ${explainFailure(failure)}`,
  hint: `see "orc logs ${service}"; "orc up" with another file goes on`,
});

const problemOfDependency = (service: string, reason: DependencyFailed): Problem => ({
  code: 'dependency.failed',
  message: `the service ${service} cannot start: ${explainCause(reason)}`,
  hint: hintOfRoot(rootOf(reason)),
});

const rootOf = (reason: DependencyFailed): DependencyFailed =>
  reason.failure.kind === 'dependency-failed' ? rootOf(reason.failure) : reason;

const hintOfRoot = ({ service, failure }: DependencyFailed): string =>
  failure.kind === 'unchecked'
    ? `give ${service} a healthcheck, or wait for it with condition: service_started`
    : whereToLook(service, failure);

/**
 * Where a compose file asks for what cannot be, as the keys that lead there: the health of a service that nothing
 * checks. Undefined where the fault is not the file's.
 */
export function faultInFile(service: string, failure: Failure): readonly string[] | undefined {
  if (failure.kind !== 'dependency-failed') return undefined;
  if (failure.failure.kind !== 'unchecked') return faultInFile(failure.service, failure.failure);
  return ['services', service, 'depends_on', failure.service, 'condition'];
}

/** What a file takes for made elsewhere, and nobody has made. */
export function problemOfExternal(kind: 'network' | 'volume' | 'secret' | 'config', name: string): Problem {
  const code = kind === 'network' || kind === 'volume' ? (`notfound.${kind}` as const) : 'notfound.object';
  const hint =
    code === 'notfound.object' ? {} : { hint: `orc ${kind} create ${name}, or drop external: true` };
  return { code, message: `the external ${kind} ${name} does not exist`, ...hint };
}

/** Why a container stays where it is. */
export const problemOfWait = (container: string, reason: WaitReason): Problem => ({
  code: codeOf(reason),
  message: `the container ${container} cannot start: ${explainWait(reason)}`,
  hint: WAIT_HINTS[reason.kind]?.(reason as never) ?? COMES_BY_ITSELF,
});

const COMES_BY_ITSELF = 'it starts by itself when that changes; "orc down" or another scale gives it up';

/** Of what does not change by itself; undefined where it may. */
const WAIT_HINTS: { readonly [K in WaitReason['kind']]?: (reason: Reason<K>) => string | undefined } = {
  'address-foreign': ({ network }) =>
    `choose one of its subnet, neither the first nor the last nor the gateway: "orc network inspect ${network}"`,
  'no-node': ({ refusals }) => {
    const [first] = refusals;
    return first?.kind === 'platform' && refusals.every(({ kind }) => kind === 'platform')
      ? `leave platform: ${first.wants} out, or write ${first.has}`
      : undefined;
  },
};

type Reason<K> = Extract<WaitReason, { readonly kind: K }>;

function codeOf(reason: WaitReason): ProblemCode {
  if (reason.kind === 'dependency-failed') return 'dependency.failed';
  const port = reason.kind === 'no-node' && reason.refusals.some((each) => each.kind === 'port-taken');
  return port ? 'conflict.port' : 'start.failed';
}
