/**
 * Writes src/plan/seccomp/syscalls.ts from kernel headers: linux-libc-dev on x86_64, and an unpacked
 * linux-libc-dev-armhf-cross, whose include folder is the argument:
 *
 *     node scripts/syscall-numbers.ts /usr/arm-linux-gnueabihf/include
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const armInclude = process.argv[2] ?? '/usr/arm-linux-gnueabihf/include';
/** What arch/arm64/include/uapi/asm/unistd.h asks of the generic table. */
const ARM64 = ['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'TIME32_SYSCALLS', 'SYS_CLONE3', 'MEMFD_SECRET'];
const X32_BIT = 0x40000000;

/** Newer than the headers of Debian 12; since Linux 5.1 a new one has the same number everywhere. */
const NEWER: readonly string[] = `
  cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr
  lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr
  file_getattr file_setattr listns`
  .trim()
  .split(/\s+/);
const NEWER_FROM = 451;

const columns: readonly ReadonlyMap<string, number>[] = [
  numbers('asm/unistd_64.h').set('uretprobe', 335),
  numbers('asm/unistd_32.h'),
  numbers('asm/unistd_x32.h', [`-D__X32_SYSCALL_BIT=${X32_BIT}`]),
  numbers(
    'asm-generic/unistd.h',
    ARM64.map((each) => `-D__ARCH_WANT_${each}`),
  ),
  numbers('asm/unistd.h', ['-nostdinc', '-D__ARM_EABI__', `-I${armInclude}`]),
];
for (const column of columns) {
  NEWER.forEach((name, at) => (column as Map<string, number>).set(name, NEWER_FROM + at));
}
const names = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort();
const rows = names.map((name) => `  ${name}: [${columns.map((each) => each.get(name) ?? -1).join(', ')}],`);
writeFileSync(
  new URL('../src/plan/seccomp/syscalls.ts', import.meta.url),
  [
    '/** Written by scripts/syscall-numbers.ts. In the order of ARCHITECTURES: x86_64, i386, x32, arm64, arm; -1: none. */',
    'export const SYSCALLS: Readonly<Record<string, readonly number[]>> = {',
    ...rows,
    '};',
    '',
  ].join('\n'),
);

function numbers(header: string, flags: readonly string[] = []): Map<string, number> {
  const text = execFileSync('cpp', ['-dM', ...flags, '-include', header, '/dev/null'], { encoding: 'utf8' });
  const defines = new Map(
    [...text.matchAll(/^#define (\w+) (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const found = new Map<string, number>();
  for (const [name, value] of defines) {
    const [, plain] = /^__(?:ARM_)?NR_([a-z0-9_]+)$/.exec(name) ?? [];
    if (plain === undefined || /^(syscalls|arch_specific_syscall)/.test(plain)) continue;
    const number = resolve(value, defines);
    if (number !== undefined) found.set(plain, number);
  }
  return found;
}

/** A number, another define, or a sum of both. x32's bit is left out: it is the architecture's. */
function resolve(value: string, defines: ReadonlyMap<string, string>): number | undefined {
  const terms = value
    .replaceAll(/[()]/g, '')
    .split('+')
    .map((each) => each.trim());
  let sum = 0;
  for (const term of terms) {
    const next = /^(0x[0-9a-fA-F]+|\d+)$/.test(term) ? Number(term) : resolveName(term, defines);
    if (next === undefined) return undefined;
    sum += next;
  }
  return sum & ~X32_BIT;
}

function resolveName(term: string, defines: ReadonlyMap<string, string>): number | undefined {
  const value = defines.get(term);
  return value === undefined ? undefined : resolve(value, defines);
}
