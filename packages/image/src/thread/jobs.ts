/** What threads can do, a row each. Arguments and values are plain data. */
import { type ExtractArgs, extractArchive } from './extract.ts';
import { type Ingested, type IngestArgs, ingestBlob } from './ingest.ts';
import { type MeasureArgs, measureFolders } from './measure.ts';
import type { Unpacked } from '../layer/unpack.ts';
import { type PackArgs, type PackedLayer, packLayer } from './pack.ts';
import { type ReceiveArgs, receiveContext } from './receive.ts';
import { type UnpackArgs, type UnpackedLayer, unpackBlob } from './unpack.ts';

export type Jobs = {
  readonly extract: { readonly args: ExtractArgs; readonly value: Unpacked };
  readonly ingest: { readonly args: IngestArgs; readonly value: Ingested };
  readonly measure: { readonly args: MeasureArgs; readonly value: readonly number[] };
  readonly pack: { readonly args: PackArgs; readonly value: PackedLayer };
  readonly unpack: { readonly args: UnpackArgs; readonly value: UnpackedLayer };
  readonly receive: { readonly args: ReceiveArgs; readonly value: void };
};
export type JobName = keyof Jobs;

export type Tools = {
  readonly input: AsyncIterable<Uint8Array>;
  readonly onBytes: (bytes: number) => void;
  /** Throws once the caller has given up. */
  readonly check: () => void;
};

type Job<Name extends JobName> = (args: Jobs[Name]['args'], tools: Tools) => Promise<Jobs[Name]['value']>;

export const JOBS: { readonly [Name in JobName]: Job<Name> } = {
  extract: extractArchive,
  ingest: ingestBlob,
  measure: measureFolders,
  pack: packLayer,
  unpack: unpackBlob,
  receive: receiveContext,
};
