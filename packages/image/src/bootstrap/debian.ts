/** `debian:SUITE` and `ubuntu:SUITE` by debootstrap, from the mirror that this host's own apt uses. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, fail } from '@orc/model';
import { APT_FILE_BYTES_MAX } from '../limits.ts';
import {
  type AptSource,
  type BootstrapSources,
  bootstrapSources,
  carriedSettings,
  type Distribution,
  formatSources,
  parseSources,
  proxyOf,
  suiteOf,
} from '../plan/apt.ts';
import {
  DEBIAN_EMPTIED,
  DEBIAN_FILES,
  DEBIAN_FOLDERS,
  DEBIAN_REMOVED,
  DEBOOTSTRAP_SCRIPT,
  progressOf,
} from '../plan/debian-image.ts';
import { hostPlatform } from '../plan/platform.ts';
import type { Store } from '../store/context.ts';
import { commitFolder, discard, writeImage } from '../store/write.ts';
import type { BootstrapOptions } from './index.ts';
import { capture, runLogged } from './program.ts';

const SETTINGS_FILE = 'etc/apt/apt.conf.d/90host-network';
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';
const CONFIG = { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] };

type Plan = {
  readonly suite: string;
  readonly script: string;
  readonly from: BootstrapSources;
  readonly settings: string;
  readonly proxy?: string;
};

export async function bootstrapDebian(
  store: Store,
  distribution: Distribution,
  name: string,
  tag: string,
  options: BootstrapOptions,
): Promise<Digest> {
  const suite = suiteOf(distribution, tag);
  if (suite === undefined) {
    throw fail('input.invalid', `${JSON.stringify(tag)} is not a suite of ${distribution.name}`, {
      hint: distribution.name === 'debian' ? 'such as debian:bookworm' : 'such as ubuntu:noble',
    });
  }
  const plan = await planFor(distribution, suite);
  const work = await store.layers.newWorkFolder(
    `${suite}-${store.options.random.number().toString(36).slice(2)}`,
  );
  try {
    const folder = join(work, 'root');
    await mkdir(folder, { mode: 0o755 });
    await debootstrap(store, plan, folder, work, options);
    finishFolder(folder, distribution, plan);
    options.onProgress({ status: 'Packing the image' });
    return await commitImage(store, folder, name, options);
  } finally {
    await discard(store, work);
  }
}

async function planFor(distribution: Distribution, suite: string): Promise<Plan> {
  const script = scriptFor(distribution, suite);
  const from = bootstrapSources(distribution, suite, hostSources());
  if (!existsSync(from.keyring)) {
    throw fail('program.missing', `the keyring ${from.keyring} of ${distribution.name} is missing`, {
      hint: `apt-get install ${distribution.keyringPackage}`,
    });
  }
  const dump = await capture('apt-config', ['dump']).catch(() => '');
  const proxy = proxyOf(dump);
  return { suite, script, from, settings: carriedSettings(dump), ...(proxy === undefined ? {} : { proxy }) };
}

const SCRIPTS = '/usr/share/debootstrap/scripts';
/** Every Ubuntu since 2007 is made by this one; debootstrap has a link to it per suite that it knew when it was packaged. */
const UBUNTU_SCRIPT = 'gutsy';

/** The path of the script that makes this suite. */
function scriptFor(distribution: Distribution, suite: string): string {
  if (process.getuid?.() !== 0) throw fail('permission.root', 'debootstrap needs root');
  if (!existsSync('/usr/sbin/debootstrap')) {
    throw fail('program.missing', 'debootstrap is not installed on this host', {
      hint: 'apt-get install debootstrap',
    });
  }
  const names = distribution.name === 'ubuntu' ? [suite, UBUNTU_SCRIPT] : [suite];
  const found = names.map((name) => join(SCRIPTS, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw fail('input.invalid', `debootstrap knows no suite ${JSON.stringify(suite)}`, {
    hint: `ls ${SCRIPTS} shows those it knows`,
  });
}

function hostSources(): readonly AptSource[] {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  return ['/etc/apt/sources.list', ...names.sort().map((name) => join(folder, name))]
    .filter((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? Infinity) <= APT_FILE_BYTES_MAX)
    .flatMap((path) => parseSources(path, readFileSync(path, 'utf8')));
}

/** In mount and pid namespaces of its own, dying with this process: a crash leaves no mount and no process. */
async function debootstrap(
  store: Store,
  plan: Plan,
  folder: string,
  work: string,
  options: BootstrapOptions,
): Promise<void> {
  const { mirror, keyring, components } = plan.from;
  const cache = join(store.paths.packageCache, plan.suite);
  mkdirSync(cache, { recursive: true });
  const { architecture } = hostPlatform(process.arch);
  const script = [
    DEBOOTSTRAP_SCRIPT,
    'debootstrap',
    folder,
    work,
    plan.suite,
    mirror,
    cache,
    keyring,
    components.join(','),
    architecture,
    plan.script,
  ];
  const isolated = [
    '--mount',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--propagation',
    'private',
    'sh',
    '-c',
    ...script,
  ];
  await runLogged('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...isolated], {
    env: {
      ...process.env,
      ...PLAIN_ENVIRONMENT,
      ...(plan.proxy === undefined ? {} : { http_proxy: plan.proxy }),
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onLine: (line) => {
      const status = progressOf(line);
      if (status !== undefined) options.onProgress({ id: plan.suite, status });
    },
    what: `debootstrap of ${plan.suite} from ${mirror}`,
  });
}

const PLAIN_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  DEBIAN_FRONTEND: 'noninteractive',
};

function finishFolder(folder: string, distribution: Distribution, plan: Plan): void {
  for (const path of DEBIAN_REMOVED) rmSync(join(folder, path), { recursive: true, force: true });
  for (const path of DEBIAN_EMPTIED) emptyFolder(join(folder, path));
  for (const path of DEBIAN_FOLDERS) mkdirSync(join(folder, path), { recursive: true });
  for (const file of DEBIAN_FILES) put(folder, file.path, file.text, file.mode);
  put(folder, `etc/apt/sources.list.d/${distribution.name}.sources`, formatSources(plan.from.sources), 0o644);
  if (plan.settings !== '') put(folder, SETTINGS_FILE, plan.settings, 0o644);
  if (plan.from.sources.some((source) => source.uri.startsWith('https:'))) copyCertificates(folder);
  copyKeyring(folder, distribution, plan);
  if (existsSync(join(folder, 'etc/machine-id'))) put(folder, 'etc/machine-id', '', 0o444);
  chmodSync(folder, 0o755);
}

function emptyFolder(path: string): void {
  if (!existsSync(path)) return;
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
}

function put(folder: string, path: string, text: string, mode: number): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text, { mode });
  chmodSync(target, mode);
}

/** minbase has no ca-certificates package, and an https mirror may have the certificate of this site. */
function copyCertificates(folder: string): void {
  if (!existsSync(join('/', CERTIFICATES)) || existsSync(join(folder, CERTIFICATES))) return;
  put(folder, CERTIFICATES, readFileSync(join('/', CERTIFICATES), 'utf8'), 0o644);
}

/** A mirror may be signed by its own key. */
function copyKeyring(folder: string, distribution: Distribution, plan: Plan): void {
  const target = join(folder, distribution.keyring);
  if (existsSync(target) && plan.from.keyring === distribution.keyring) return;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(plan.from.keyring, target);
}

async function commitImage(
  store: Store,
  folder: string,
  name: string,
  options: BootstrapOptions,
): Promise<Digest> {
  const layer = await commitFolder(store, folder, { withRoot: true, ...options });
  const created = new Date(store.options.clock.now()).toISOString();
  return writeImage(store, {
    ...hostPlatform(process.arch),
    config: CONFIG,
    layers: [layer],
    history: [{ created, created_by: `orc image bootstrap ${name}`, comment: 'debootstrap' }],
    tags: [name],
  });
}
