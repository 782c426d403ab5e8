/** Resources, ulimits, restart, health checks and logging. */
import {
  type Healthcheck,
  type Logging,
  type Resources,
  type RestartPolicy,
  type Ulimit,
  parseBytes,
  parseDurationMs,
} from '@orc/model';
import type { ModelService } from '../../compose-model.ts';
import { type ServiceContext, defined, invalid, isEmpty, refuse, withoutEffect } from './context.ts';

const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
const positive = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

export function resourcesOf(service: ModelService): Resources | undefined {
  const limits = service.deploy?.resources?.limits;
  const reservations = service.deploy?.resources?.reservations;
  const cpus = service.cpus ?? limits?.cpus;
  const resources = defined({
    nanoCpus: cpus === undefined || cpus === 0 ? undefined : Math.round(cpus * 1e9),
    cpuShares: positive(service.cpu_shares),
    cpuPeriodUs: positive(service.cpu_period),
    cpuQuotaUs: positive(service.cpu_quota),
    cpusetCpus: service.cpuset || undefined,
    memoryBytes: positive(number(service.mem_limit ?? limits?.memory)),
    memoryReservationBytes: positive(number(service.mem_reservation ?? reservations?.memory)),
    memorySwapBytes: positive(number(service.memswap_limit)),
    memorySwappiness: service.mem_swappiness,
    oomKillDisable: service.oom_kill_disable,
    pidsMax: positive(service.pids_limit ?? limits?.pids),
    blkioWeight: positive(service.blkio_config?.weight),
  });
  return isEmpty(resources) ? undefined : resources;
}

export function ulimitsOf(service: ModelService): readonly Ulimit[] | undefined {
  const limits = Object.entries(service.ulimits ?? {}).map(([name, limit]) =>
    typeof limit === 'number'
      ? { name, soft: limit, hard: limit }
      : { name, soft: limit.soft, hard: limit.hard },
  );
  return limits.length === 0 ? undefined : limits;
}

const CONDITIONS = { none: 'no', no: 'no', 'on-failure': 'on-failure', any: 'any' } as const;

/**
 * DECISIONS 1 and 2: `deploy.restart_policy` with Swarm's defaults wins over `restart:` with docker's
 * back-off.
 */
export function restartOf(context: ServiceContext): RestartPolicy | undefined {
  const { deploy, restart } = context.service;
  const policy = deploy?.restart_policy;
  if (policy === undefined) return shortRestart(restart);
  const condition = CONDITIONS[(policy.condition || 'any') as keyof typeof CONDITIONS];
  if (condition === undefined) {
    const path = ['deploy', 'restart_policy', 'condition'];
    invalid(context, path, `cannot be "${policy.condition}"`, 'it is none, on-failure or any');
  }
  return defined({
    condition: condition ?? 'any',
    maxAttempts: positive(policy.max_attempts),
    delay: { kind: 'fixed' as const, ms: parseDurationMs(policy.delay ?? '5s') ?? 5000 },
    windowMs: positive(parseDurationMs(policy.window ?? '0')),
  });
}

function shortRestart(restart: string | undefined): RestartPolicy | undefined {
  if (restart === undefined || restart === '') return undefined;
  const [condition = 'no', attempts] = restart.split(':');
  return defined({
    condition: condition as RestartPolicy['condition'],
    maxAttempts: positive(number(attempts)),
    delay: { kind: 'backoff' as const },
  });
}

export function healthcheckOf(service: ModelService): Healthcheck | undefined {
  const from = service.healthcheck;
  if (from === undefined) return undefined;
  if (from.disable === true) return { test: ['NONE'] };
  const ms = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseDurationMs(text);
  const check = defined({
    test: from.test === undefined || from.test.length === 0 ? undefined : from.test,
    intervalMs: positive(ms(from.interval)),
    timeoutMs: positive(ms(from.timeout)),
    retries: positive(from.retries),
    startPeriodMs: positive(ms(from.start_period)),
    startIntervalMs: positive(ms(from.start_interval)),
  });
  return isEmpty(check) ? undefined : check;
}

const LOG_DRIVERS = ['json-file', 'local', 'none'] as const;
const LOG_NO_EFFECT: Readonly<Record<string, string>> = {
  compress: 'logs are not compressed',
  mode: 'logging never blocks the container',
  'max-buffer-size': 'logging never blocks the container',
};

export function loggingOf(context: ServiceContext): Logging | undefined {
  const from = context.service.logging;
  if (from === undefined) return undefined;
  const driver = LOG_DRIVERS.find((each) => each === (from.driver || 'local'));
  if (driver === undefined) {
    const hint = 'use json-file, local or none; logs are read with `orc logs`';
    refuse(context, ['logging', 'driver'], `the log driver "${from.driver}" is not supported`, hint);
  }
  for (const key of Object.keys(from.options ?? {})) checkLogOption(context, key);
  return defined({
    driver: driver ?? 'local',
    maxSizeBytes: maxSize(context, from.options?.['max-size']),
    maxFiles: maxFiles(context, from.options?.['max-file']),
  });
}

function checkLogOption(context: ServiceContext, key: string): void {
  if (key === 'max-size' || key === 'max-file') return;
  const why = LOG_NO_EFFECT[key];
  if (why !== undefined) withoutEffect(context, ['logging', 'options', key], why);
  else
    refuse(
      context,
      ['logging', 'options', key],
      'this option is not supported',
      'known are max-size and max-file',
    );
}

/** docker's `-1` is without rotation, which is 0 here. */
function maxSize(context: ServiceContext, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === '-1') return 0;
  const bytes = parseBytes(text);
  if (bytes === undefined)
    invalid(context, ['logging', 'options', 'max-size'], `"${text}" is not a size`, 'such as 10m');
  return bytes;
}

function maxFiles(context: ServiceContext, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  invalid(context, ['logging', 'options', 'max-file'], `"${text}" is not a number of files`, 'such as 3');
  return undefined;
}
