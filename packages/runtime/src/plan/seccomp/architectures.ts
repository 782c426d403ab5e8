import { SYSCALLS } from './syscalls.ts';

/** Which system call a number means depends on the architecture that the call was made for. */
export type Architecture = {
  /** libseccomp's, without SCMP_ARCH_. */
  readonly name: string;
  /** AUDIT_ARCH_*, linux/audit.h. */
  readonly audit: number;
  /** Added to every number: x32 shares x86_64's audit value and is told apart by this bit. */
  readonly base: number;
  readonly native: 'x64' | 'arm64';
  readonly column: number;
};

export const X32_BIT = 0x40000000;
/** Arm's private calls begin here, far above the others. */
export const PRIVATE_FROM = 0x0f0000;

/** The native one first: it is asked for most. */
export const ARCHITECTURES: readonly Architecture[] = [
  { name: 'X86_64', audit: 0xc000003e, base: 0, native: 'x64', column: 0 },
  { name: 'X86', audit: 0x40000003, base: 0, native: 'x64', column: 1 },
  { name: 'X32', audit: 0xc000003e, base: X32_BIT, native: 'x64', column: 2 },
  { name: 'AARCH64', audit: 0xc00000b7, base: 0, native: 'arm64', column: 3 },
  { name: 'ARM', audit: 0x40000028, base: 0, native: 'arm64', column: 4 },
];

/** With `base`. Undefined: there is no such call there, or nobody knows it yet. */
export function syscallNumber(architecture: Architecture, name: string): number | undefined {
  const number = Object.hasOwn(SYSCALLS, name) ? SYSCALLS[name]?.[architecture.column] : undefined;
  return number === undefined || number === -1 ? undefined : architecture.base + number;
}
