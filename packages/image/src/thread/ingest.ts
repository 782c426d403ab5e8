/** A blob on its way in: written, hashed and, when it is a layer, unpacked from the same bytes. */
import type { Source } from '../layer/compression.ts';
import { decompress } from '../layer/compression.ts';
import { type Unpacked, unpackArchive } from '../layer/unpack.ts';
import type { Tools } from './jobs.ts';
import type { Failure } from './protocol.ts';
import { failureOf } from './failure.ts';
import { openSpool, type Spool, type Spooled } from './spool.ts';
import { turns } from './turns.ts';
import { everySo } from './unpack.ts';

export type IngestArgs = {
  /** The blob, synced when the job is done; gone when it failed. */
  readonly aside: string;
  /** Store what comes out of a compressed stream. */
  readonly plain: boolean;
  /** Of the layer; absent: it is not unpacked. */
  readonly folder?: string;
  readonly withDiffId: boolean;
};
/** The bytes are what they are, also where no layer can be made of them: the caller looks at the digest first. */
export type Ingested = Spooled & { readonly unpacked?: Unpacked; readonly failure?: Failure };

export async function ingestBlob(args: IngestArgs, tools: Tools): Promise<Ingested> {
  const spool = openSpool(args.aside);
  const rest = spooled(args.plain ? decompress(tools.input) : tools.input, spool, tools);
  try {
    const layer: Layer =
      args.folder === undefined ? {} : await unpackFrom(rest, args.folder, args.withDiffId);
    if (layer.failure === undefined || !args.plain) for await (const _ of rest);
    tools.check();
    const made = spool.end();
    await spool.sync();
    spool.close();
    return { ...made, ...layer };
  } catch (error) {
    spool.abort();
    throw error;
  }
}

type Layer = Pick<Ingested, 'unpacked' | 'failure'>;

/** Does not end when a reader stops early, for the next takes what is left; and breaks for each of them. */
function spooled(source: Source, spool: Spool, tools: Tools): Source {
  const chunks = source[Symbol.asyncIterator]();
  const turn = turns(tools);
  const tell = everySo(tools.onBytes);
  let bytes = 0;
  let broken: { readonly error: unknown } | undefined;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    await turn();
    if (broken !== undefined) throw broken.error;
    const result = await chunks.next().catch((error: unknown) => {
      broken = { error };
      throw error;
    });
    if (result.done === true) return result;
    spool.write(result.value);
    bytes += result.value.length;
    tell(bytes);
    return result;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function unpackFrom(source: Source, folder: string, withDiffId: boolean): Promise<Layer> {
  try {
    return { unpacked: await unpackArchive(source, folder, { whiteouts: true, withDiffId }) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}
