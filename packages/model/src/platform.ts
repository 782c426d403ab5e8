/** Which platforms a host runs: architectures have one name with docker, another with the kernel or with Node. */

export type HostPlatform = { readonly os: string; readonly architecture: string };

/** Of `linux/arm64/v8`, `linux/amd64`, `linux` or `arm64`; variants are the image's to match. */
export function runsPlatform(host: HostPlatform, wanted: string): boolean {
  const [first = '', architecture] = wanted.toLowerCase().split('/');
  if (architecture === undefined) return first === host.os || isSameArchitecture(host, first);
  return first === host.os && isSameArchitecture(host, architecture);
}

/** In docker's words: `linux/amd64`. */
export const platformName = ({ os, architecture }: HostPlatform): string => `${os}/${nameOf(architecture)}`;

const isSameArchitecture = (host: HostPlatform, name: string): boolean =>
  nameOf(name) === nameOf(host.architecture);

const NAMES: Readonly<Record<string, string>> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64' };
const nameOf = (architecture: string): string => NAMES[architecture] ?? architecture;
