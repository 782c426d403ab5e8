/** A layer's folder, filled first where a COPY says with what, as the blob of that layer. */
import { copyFiles, type CopyPlan } from '../build/host/copy.ts';
import { packFolder, type Packed } from '../layer/pack.ts';
import type { Tools } from './jobs.ts';
import { openSpool, type Spooled } from './spool.ts';
import { turns } from './turns.ts';
import { everySo } from './unpack.ts';

export type PackArgs = {
  readonly folder: string;
  /** The blob, synced when the job is done; gone when it failed. */
  readonly aside: string;
  readonly withRoot: boolean;
  readonly copy?: CopyPlan;
};
/** `bytes`: of the files, each inode once. */
export type PackedLayer = Spooled & { readonly bytes: number };

export async function packLayer(args: PackArgs, tools: Tools): Promise<PackedLayer> {
  const turn = turns(tools);
  if (args.copy !== undefined) await copyFiles(args.copy, args.folder, turn);
  const packed: Packed = { bytes: 0 };
  const spool = openSpool(args.aside);
  const tell = everySo(tools.onBytes);
  try {
    for await (const chunk of packFolder(args.folder, packed, { withRoot: args.withRoot })) {
      spool.write(chunk);
      await turn();
      tell(packed.bytes);
    }
    const made = spool.end();
    await spool.sync();
    spool.close();
    return { ...made, bytes: packed.bytes };
  } catch (error) {
    spool.abort();
    throw error;
  }
}
