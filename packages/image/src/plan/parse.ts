/** Documents from outside, checked field by field before anything uses them. All throw `image.invalid`. */
import { type Digest, fail, type ImageConfig, isDigest, type OrcError } from '@orc/model';
import { BLOB_BYTES_MAX, HISTORY_MAX, INDEX_MANIFESTS_MAX, LAYERS_MAX } from '../limits.ts';
import {
  type Descriptor,
  type HistoryEntry,
  type ImageDocument,
  type Index,
  INDEX_TYPES,
  LAYER_TYPES,
  type Manifest,
  MANIFEST_TYPES,
  MEDIA,
  type Platform,
} from './documents.ts';

export type Parsed =
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

type Fields = { readonly [key: string]: unknown };

/**
 * `mediaType` is what the transport said, if anything. A document that could be read as both is refused
 * (CVE-2021-41190), and so is one that says it is something else.
 */
export function parseManifest(data: Uint8Array, mediaType?: string): Parsed {
  const fields = parseObject(data, 'manifest');
  if ('manifests' in fields && ('layers' in fields || 'config' in fields)) {
    throw invalid('manifest is ambiguous: it has both "manifests" and "layers"');
  }
  const own = fields['mediaType'];
  const said = mediaType === undefined || !KNOWN.includes(mediaType) ? undefined : mediaType;
  if (fields['schemaVersion'] !== 2)
    throw invalid(`manifest has schemaVersion ${show(fields['schemaVersion'])}, not 2`);
  if (own !== undefined && typeof own !== 'string')
    throw invalid('mediaType of the manifest is not a string');
  if (own !== undefined && said !== undefined && own !== said) {
    throw invalid(`manifest says it is ${show(own)} but was sent as ${show(said)}`);
  }
  const type = own ?? said;
  return 'manifests' in fields
    ? { kind: 'index', index: parseIndex(fields, type) }
    : manifestOf(fields, type);
}

export function parseImageDocument(data: Uint8Array): ImageDocument {
  const fields = parseObject(data, 'image config');
  const rootfs = asObject(fields['rootfs'], 'rootfs of the image config');
  const diffIds = asList(rootfs['diff_ids'] ?? [], 'rootfs.diff_ids', LAYERS_MAX);
  if (rootfs['type'] !== 'layers') throw invalid(`rootfs.type is ${show(rootfs['type'])}, not "layers"`);
  const bad = diffIds.find((each) => typeof each !== 'string' || !isDigest(each));
  if (bad !== undefined) throw invalid(`diff id ${show(bad)} is not a sha256 digest`);
  const text = (key: string): string | undefined =>
    isPresent(fields[key]) ? asText(fields[key], key) : undefined;
  const optional = Object.fromEntries(
    ['created', 'author', 'variant'].flatMap((key) => (text(key) === undefined ? [] : [[key, text(key)]])),
  );
  return {
    ...optional,
    architecture: text('architecture') ?? '',
    os: text('os') ?? '',
    config: parseConfig(fields['config'] ?? {}),
    rootfs: { type: 'layers', diff_ids: diffIds as Digest[] },
    history: asList(fields['history'] ?? [], 'history', HISTORY_MAX).map((each) => parseHistory(each)),
  };
}

export function parseDescriptor(value: unknown, what: string): Descriptor {
  const fields = asObject(value, what);
  const { mediaType, digest, size } = fields;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`digest ${show(digest)} of ${what} is not valid`);
  if (typeof mediaType !== 'string' || !MEDIA_TYPE.test(mediaType))
    throw invalid(`${what} has no media type`);
  if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > BLOB_BYTES_MAX) {
    throw invalid(`size ${show(size)} of ${what} is not valid`);
  }
  const platform = parsePlatformField(fields['platform']);
  const annotations = stringsOf(fields['annotations'] ?? {});
  return {
    mediaType,
    digest,
    size: size as number,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** RFC 6838, section 4.2. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;
const KNOWN: readonly string[] = [...INDEX_TYPES, ...MANIFEST_TYPES];

function parseIndex(fields: Fields, mediaType: string | undefined): Index {
  if (mediaType !== undefined && MANIFEST_TYPES.includes(mediaType))
    throw invalid('an image manifest has "manifests"');
  const rows = asList(fields['manifests'], 'manifests', INDEX_MANIFESTS_MAX);
  return {
    mediaType: mediaType ?? MEDIA.ociIndex,
    manifests: rows.map((each, at) => parseDescriptor(each, `manifest ${at} of the index`)),
  };
}

function manifestOf(fields: Fields, mediaType: string | undefined): Parsed {
  if (mediaType !== undefined && !MANIFEST_TYPES.includes(mediaType)) {
    throw invalid(`media type ${show(mediaType)} is not an image manifest`);
  }
  const layers = asList(fields['layers'], 'layers', LAYERS_MAX).map((each, at) => parseLayer(each, at));
  const config = parseDescriptor(fields['config'], 'the image config');
  return { kind: 'manifest', manifest: { mediaType: mediaType ?? MEDIA.ociManifest, config, layers } };
}

function parseLayer(value: unknown, at: number): Descriptor {
  const layer = parseDescriptor(value, `layer ${at}`);
  if (LAYER_TYPES.includes(layer.mediaType)) return layer;
  throw invalid(
    `layer ${at} has media type ${show(layer.mediaType)}, which is not a layer that can be unpacked`,
  );
}

function parseHistory(value: unknown): HistoryEntry {
  const fields = asObject(value, 'history');
  const keys = ['created', 'created_by', 'author', 'comment'] as const;
  const texts = keys.flatMap((key) => (typeof fields[key] === 'string' ? [[key, fields[key]] as const] : []));
  return { ...Object.fromEntries(texts), ...(fields['empty_layer'] === true ? { empty_layer: true } : {}) };
}

const TEXTS = ['User', 'WorkingDir', 'StopSignal'] as const;
const LISTS = ['Env', 'Entrypoint', 'Cmd', 'Shell', 'OnBuild'] as const;
const SETS = ['ExposedPorts', 'Volumes'] as const;

/** Only what the model knows and only of the right types: other rooms use it without looking. */
function parseConfig(value: unknown): ImageConfig {
  const fields = asObject(value, 'config of the image');
  const config: { [key: string]: unknown } = {};
  for (const key of TEXTS) if (isPresent(fields[key])) config[key] = asText(fields[key], key);
  for (const key of LISTS) if (isPresent(fields[key])) config[key] = asTexts(fields[key], key);
  for (const key of SETS) if (isPresent(fields[key])) config[key] = emptyObjects(asObject(fields[key], key));
  if (isPresent(fields['Labels'])) config['Labels'] = stringsOf(fields['Labels']);
  if (isPresent(fields['Healthcheck'])) config['Healthcheck'] = parseHealthcheck(fields['Healthcheck']);
  return config as ImageConfig;
}

function parseHealthcheck(value: unknown): NonNullable<ImageConfig['Healthcheck']> {
  const fields = asObject(value, 'Healthcheck');
  const check: { [key: string]: unknown } = {};
  if (isPresent(fields['Test'])) check['Test'] = asTexts(fields['Test'], 'Healthcheck.Test');
  for (const key of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries']) {
    const number = fields[key];
    if (!isPresent(number)) continue;
    if (typeof number !== 'number' || !(number >= 0)) throw invalid(`Healthcheck.${key} is ${show(number)}`);
    check[key] = number;
  }
  return check;
}

function parsePlatformField(value: unknown): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  const { os, architecture, variant } = asObject(value, 'platform');
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}) };
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
const emptyObjects = (fields: Fields): Record<string, object> =>
  Object.fromEntries(Object.keys(fields).map((key) => [key, {}]));

export function parseObject(data: Uint8Array, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (error) {
    throw invalid(`${what} is not JSON: ${(error as Error).message}`);
  }
  return asObject(value, what);
}

function asObject(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`${what} is not an object`);
}

function asList(value: unknown, what: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${what} is not a list`);
  if (value.length > lengthMax) throw invalid(`${what} has ${value.length} entries, more than ${lengthMax}`);
  return value;
}

function asText(value: unknown, what: string): string {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw invalid(`${what} of the image config is ${show(value)}`);
}

const asTexts = (value: unknown, what: string): readonly string[] =>
  asList(value, `${what} of the image config`, HISTORY_MAX).map((each) => asText(each, what));

const stringsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(asObject(value, 'labels')).flatMap(([key, text]) =>
      typeof text === 'string' ? [[key, text]] : [],
    ),
  );

const show = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 100);
const invalid = (message: string): OrcError => fail('image.invalid', message);
