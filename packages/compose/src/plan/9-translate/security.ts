/** `security_opt`, capabilities aside: what the container is kept from. */
import type { DeviceMapping, Security } from '@orc/model';
import { posix } from 'node:path';
import { factOf, factText } from '../loading.ts';
import { type ServiceContext, defined, invalid, refuse } from './context.ts';

type Mutable = { -readonly [K in keyof Security]: Security[K] };

/** Services run without the way to new privileges unless they are privileged or say otherwise. */
export function securityOf(context: ServiceContext): Security {
  const security: Mutable = { noNewPrivileges: context.service.privileged !== true };
  (context.service.security_opt ?? []).forEach((option, index) => {
    const at = option.search(/[=:]/);
    const [key, value] = at === -1 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
    apply(context, security, { option, key, value, index });
  });
  return defined(security);
}

const SELINUX_OFF = 'disable';
/** Profiles of AppArmor are not applied yet. */
const UNCONFINED = 'unconfined';

type Option = {
  /** As it was written. */
  readonly option: string;
  readonly key: string;
  readonly value: string;
  readonly index: number;
};

function apply(context: ServiceContext, security: Mutable, { option, key, value, index }: Option): void {
  if (key === 'no-new-privileges') security.noNewPrivileges = value !== 'false';
  else if (key === 'seccomp') security.seccomp = seccompProfile(context, value, index);
  else if (key === 'apparmor' && value === UNCONFINED) security.apparmor = value;
  else if (key === 'systempaths' && value === 'unconfined') security.unmaskSystemPaths = true;
  else if (key !== 'label' || value !== SELINUX_OFF) {
    const hint = 'known are no-new-privileges, seccomp, apparmor=unconfined and systempaths=unconfined';
    refuse(context, ['security_opt', index], `"${option}" is not supported`, hint);
  }
}

/** A word, or the JSON of the profile's file. */
function seccompProfile(context: ServiceContext, value: string, index: number): string {
  if (value === 'unconfined' || value === 'default' || value === 'builtin')
    return value === 'builtin' ? 'default' : value;
  const path = posix.resolve(context.directory, value);
  const fact = factOf(context.loading, path);
  if (fact === undefined) return '';
  const text = fact.kind === 'file' || fact.kind === 'text' ? factText(fact) : null;
  if (text === null)
    invalid(
      context,
      ['security_opt', index],
      `the seccomp profile ${value} cannot be read`,
      `looked for ${path}`,
    );
  return text ?? '';
}

export function devicesOf(context: ServiceContext): readonly DeviceMapping[] | undefined {
  return context.service.devices?.map(({ source, target, permissions }, index) => {
    if (!source.startsWith('/')) {
      refuse(
        context,
        ['devices', index],
        `"${source}" is not a path: CDI devices are not supported yet`,
        'name device files',
      );
    }
    return { source, target: target ?? source, permissions: permissions ?? 'rwm' };
  });
}
