/** Restart, health, logging and security flags. */
import {
  type Healthcheck,
  type Logging,
  type RestartPolicy,
  type Security,
  fail,
  parseBytes,
} from '@orc/model';
import type { Flags } from '../cli/command.ts';
import { compact, durationOf, pairsOf } from './values.ts';

export function restartFrom(flags: Flags): RestartPolicy | undefined {
  const value = flags.text('restart');
  if (value === undefined || value === 'no' || value === '') return undefined;
  const match = /^(always|unless-stopped|on-failure)(?::(\d+))?$/.exec(value);
  if (match === null || (match[2] !== undefined && match[1] !== 'on-failure'))
    throw fail('usage.invalid', `--restart ${value} is no policy`, {
      hint: 'write no, always, unless-stopped, on-failure or on-failure:5',
    });
  if (flags.on('rm'))
    throw fail('usage.invalid', '--restart and --rm exclude each other', { hint: 'leave one of them out' });
  const condition = match[1] as RestartPolicy['condition'];
  const delay = { kind: 'backoff' } as const;
  return match[2] === undefined ? { condition, delay } : { condition, delay, maxAttempts: Number(match[2]) };
}

export function healthcheckFrom(flags: Flags): Healthcheck | undefined {
  const command = flags.text('health-cmd');
  const times = compact<Healthcheck>({
    intervalMs: durationOf(flags, 'health-interval'),
    timeoutMs: durationOf(flags, 'health-timeout'),
    startPeriodMs: durationOf(flags, 'health-start-period'),
    startIntervalMs: durationOf(flags, 'health-start-interval'),
    retries: flags.number('health-retries'),
    test: undefined,
  });
  if (flags.on('no-healthcheck')) {
    if (command !== undefined || Object.keys(times).length > 0)
      throw fail('usage.invalid', '--no-healthcheck excludes the other --health flags', {
        hint: 'leave one of them out',
      });
    return { test: ['NONE'] };
  }
  if (command !== undefined) return { test: ['CMD-SHELL', command], ...times };
  return Object.keys(times).length === 0 ? undefined : times;
}

/** Both of docker's file drivers are orc's one format. */
const LOG_DRIVERS = ['local', 'json-file', 'none'] as const;

export function loggingFrom(flags: Flags): Logging | undefined {
  const driver = flags.text('log-driver');
  const options = pairsOf('log-opt', flags.list('log-opt'));
  const unknown = Object.keys(options).find((name) => !['max-size', 'max-file'].includes(name));
  if (unknown !== undefined)
    throw fail('usage.invalid', `--log-opt ${unknown} is unknown`, {
      hint: 'max-size and max-file are known',
    });
  if (driver === undefined && Object.keys(options).length === 0) return undefined;
  const known = LOG_DRIVERS.find((each) => each === (driver ?? 'local'));
  if (known === undefined)
    throw fail('usage.invalid', `--log-driver ${driver} is not offered`, {
      hint: 'use local, json-file or none',
    });
  const size = options['max-size'];
  const bytes = size === undefined ? undefined : size === '-1' ? 0 : parseBytes(size);
  if (size !== undefined && bytes === undefined)
    throw fail('usage.invalid', `--log-opt max-size=${size} is no size`, { hint: 'write 10m' });
  const files = options['max-file'];
  if (files !== undefined && !/^[1-9]\d{0,3}$/.test(files))
    throw fail('usage.invalid', `--log-opt max-file=${files} is no number of files`, { hint: 'write 3' });
  return compact<Logging>({
    driver: known,
    maxSizeBytes: bytes,
    maxFiles: files === undefined ? undefined : Number(files),
  });
}

/** `profile`: the content of a `seccomp=FILE`. As docker has it, and unlike services, su and sudo work unless asked. */
export function securityFrom(flags: Flags, profile: string | undefined): Security {
  const security: { -readonly [K in keyof Security]: Security[K] } = { noNewPrivileges: false };
  for (const word of flags.list('security-opt')) {
    const [, name = word, value = 'true'] = /^([^=:]+)[=:](.*)$/s.exec(word) ?? [];
    if (name === 'no-new-privileges') security.noNewPrivileges = value === 'true';
    else if (name === 'seccomp') security.seccomp = profile ?? (value === 'builtin' ? 'default' : value);
    else if (name === 'apparmor' && value === 'unconfined') security.apparmor = value;
    else if (name === 'systempaths' && value === 'unconfined') security.unmaskSystemPaths = true;
    else
      throw fail('usage.invalid', `--security-opt ${word} is unknown`, {
        hint: 'no-new-privileges, seccomp=…, apparmor=unconfined and systempaths=unconfined are known',
      });
  }
  return security;
}
