/**
 * npm leaves optional packages of other platforms out of package-lock.json when it writes one after a plain
 * install, and `npm ci` then refuses the file. This adds the missing entries; run it after each change of a
 * dependency: `node scripts/lock-optional.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Entry = { version?: string; optional?: boolean; optionalDependencies?: Record<string, string> } & Record<
  string,
  unknown
>;

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'] as const;
const CPUS = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'arm'] as const;

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] !== undefined || !/^\d/.test(version)) continue;
    const os = SYSTEMS.find((system) => name.includes(system));
    const cpu = CPUS.find((each) => name.includes(`-${each}`));
    if (os === undefined || cpu === undefined) continue;
    const libc = os !== 'linux' ? {} : { libc: [name.includes('musl') ? 'musl' : 'glibc'] };
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      dev: true,
      ...libc,
      optional: true,
      os: [os],
    };
    added += 1;
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`package-lock.json: ${added} optional entries added`);
