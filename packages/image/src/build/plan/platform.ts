/** The arguments that docker derives from the platforms of a build. */
import type { Platform } from '../../plan/documents.ts';
import { formatPlatform } from '../../plan/platform.ts';

/** `TARGETPLATFORM`, `TARGETOS`, … and the same with `BUILD`. */
export function platformArgs(build: Platform, target: Platform): Readonly<Record<string, string>> {
  return { ...argsOf('BUILD', build), ...argsOf('TARGET', target) };
}

const argsOf = (prefix: string, platform: Platform): Record<string, string> => ({
  [`${prefix}PLATFORM`]: formatPlatform(platform),
  [`${prefix}OS`]: platform.os,
  [`${prefix}ARCH`]: platform.architecture,
  [`${prefix}VARIANT`]: platform.variant ?? '',
});
