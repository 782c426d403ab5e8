/** The host's apt sources, and from them what an image of some suite should use. Pure. */
import { fail, type OrcError } from '@orc/model';

export type AptSource = {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of a keyring. */
  readonly signedBy?: string;
};

/** `name` is the file's: `*.sources` is deb822, everything else one line per source. Sources of other types are left out. */
export function parseSources(name: string, text: string): readonly AptSource[] {
  return (name.endsWith('.sources') ? parseDeb822(text) : parseLines(text)).filter((each) =>
    REMOTE.test(each.uri),
  );
}
const REMOTE = /^https?:\/\/[^\s]+$/;

function parseDeb822(text: string): readonly AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => sourcesOf(fieldsOf(stanza)));
}

function fieldsOf(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue;
    const match = /^([A-Za-z-]+):(.*)$/.exec(line);
    if (match !== null) last = (match[1] as string).toLowerCase();
    fields.set(last, `${match === null ? `${fields.get(last) ?? ''} ` : ''}${(match?.[2] ?? line).trim()}`);
  }
  return fields;
}

function sourcesOf(fields: ReadonlyMap<string, string>): readonly AptSource[] {
  const words = (key: string): readonly string[] =>
    (fields.get(key) ?? '').split(/\s+/).filter((word) => word !== '');
  if (!words('types').includes('deb') || fields.get('enabled')?.toLowerCase() === 'no') return [];
  const signedBy = words('signed-by').find((word) => word.startsWith('/'));
  return words('uris').flatMap((uri) =>
    words('suites').map((suite) => sourceOf(uri, suite, words('components'), signedBy)),
  );
}

const LINE = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/;

function parseLines(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = LINE.exec(line.replace(/#.*$/, '').trim());
    if (match === null) return [];
    const signedBy = /(?:^|\s)signed-by=(\/\S+)/.exec(match[1] ?? '')?.[1];
    const components = (match[4] as string).split(/\s+/).filter((word) => word !== '');
    return [sourceOf(match[2] as string, match[3] as string, components, signedBy)];
  });
}

const sourceOf = (
  uri: string,
  suite: string,
  components: readonly string[],
  signedBy: string | undefined,
): AptSource => ({
  uri: uri.replace(/\/$/, ''),
  suite,
  components,
  ...(signedBy === undefined ? {} : { signedBy }),
});

export type Distribution = {
  readonly name: 'debian' | 'ubuntu';
  readonly keyring: string;
  readonly keyringPackage: string;
  readonly components: readonly string[];
  /** Tags that are not suites. */
  readonly aliases: Readonly<Record<string, string>>;
};

export const DISTRIBUTIONS: Readonly<Record<'debian' | 'ubuntu', Distribution>> = {
  debian: {
    name: 'debian',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
    keyringPackage: 'debian-archive-keyring',
    components: ['main'],
    aliases: { latest: 'trixie', stable: 'trixie', '13': 'trixie', '12': 'bookworm', '11': 'bullseye' },
  },
  ubuntu: {
    name: 'ubuntu',
    keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
    keyringPackage: 'ubuntu-keyring',
    components: ['main', 'universe'],
    aliases: { latest: 'noble', rolling: 'noble', '24.04': 'noble', '22.04': 'jammy', '20.04': 'focal' },
  },
};

/** `bookworm-slim`, `12`, `bookworm-20250520` to the suite; `undefined`: not a tag of this distribution. */
export function suiteOf(distribution: Distribution, tag: string): string | undefined {
  const base = tag
    .replace(/-(slim|backports|\d{8})$/, '')
    .replace(/^(\d\d)\.\d+$/, distribution.name === 'debian' ? '$1' : '$&');
  const suite = distribution.aliases[base] ?? base;
  return /^[a-z][a-z]+$/.test(suite) ? suite : undefined;
}

export type BootstrapSources = {
  readonly mirror: string;
  readonly keyring: string;
  readonly components: readonly string[];
  /** Of the image's own sources file. */
  readonly sources: readonly AptSource[];
};

const ROLLING: readonly string[] = ['sid', 'unstable', 'experimental', 'testing'];

/** The host's mirror of the distribution serves every suite of it. Throws `input.missing` on a host that has none. */
export function bootstrapSources(
  distribution: Distribution,
  suite: string,
  host: readonly AptSource[],
): BootstrapSources {
  const own = host.filter((source) => isOf(distribution, source));
  const main =
    own.find((source) => source.suite === suite) ?? own.find((source) => !/[-/]/.test(source.suite));
  const security = own.find(
    (source) => /-security$|\/updates$/.test(source.suite) && source.suite.startsWith(suite),
  );
  const anySecurity = security ?? own.find((source) => source.suite.endsWith('-security'));
  if (main === undefined) throw noMirror(distribution);
  const mirror = main.uri;
  const keyring = main.signedBy ?? distribution.keyring;
  const { components } = distribution;
  const row = (uri: string, name: string): AptSource => ({
    uri,
    suite: name,
    components,
    signedBy: distribution.keyring,
  });
  const securityUri = anySecurity?.uri;
  const more = ROLLING.includes(suite)
    ? []
    : [
        row(mirror, `${suite}-updates`),
        ...(securityUri === undefined ? [] : [row(securityUri, `${suite}-security`)]),
      ];
  return { mirror, keyring, components, sources: [row(mirror, suite), ...more] };
}

const noMirror = ({ name }: Distribution): OrcError =>
  fail('input.missing', `the apt of this host has no source of ${name} packages`, {
    hint: `add a mirror of ${name} to /etc/apt/sources.list.d, or pull the image from a registry`,
  });

/** By the path of the mirror, or the key that signs it: a mirror's host can be anything. */
function isOf(distribution: Distribution, source: AptSource): boolean {
  const path = source.uri.replace(/^https?:\/\//, '');
  const pattern = distribution.name === 'debian' ? /debian(-security)?(\/|$)/ : /ubuntu(-ports)?(\/|$)/;
  return pattern.test(path) && source.components.includes('main');
}

/** In deb822, as the official images have it. */
export const formatSources = (sources: readonly AptSource[]): string =>
  sources
    .map((source) =>
      [
        'Types: deb',
        `URIs: ${source.uri}`,
        `Suites: ${source.suite}`,
        `Components: ${source.components.join(' ')}`,
        ...(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy}`]),
        '',
      ].join('\n'),
    )
    .join('\n');

const CARRIED =
  /^Acquire::(?:(?:http|https|ftp)::(?!Proxy-Auto-Detect)|Check-Valid-Until|Check-Date|Retries|ForceIPv4|ForceIPv6)/i;
const CREDENTIALS = /\/\/[^/\s"]*@/;

/**
 * Lines of `apt-config dump` that say how this host reaches its mirrors (proxy, certificates, validity of old
 * releases). What holds credentials stays out of images.
 */
export const carriedSettings = (dump: string): string =>
  dump
    .split('\n')
    .filter((line) => CARRIED.test(line) && !CREDENTIALS.test(line) && !line.endsWith(' "";'))
    .map((line) => `${line}\n`)
    .join('');

/** The proxy for plain http, as programs other than apt want it. */
export const proxyOf = (dump: string): string | undefined =>
  /^Acquire::http::Proxy "([^"]+)";/im.exec(dump)?.[1];
