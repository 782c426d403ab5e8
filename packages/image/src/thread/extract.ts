/** An archive of files, as it comes, into a folder: no layer, so that no name in it means anything else. */
import { unpackArchive, type Unpacked } from '../layer/unpack.ts';
import type { Tools } from './jobs.ts';

export type ExtractArgs = { readonly folder: string };

export const extractArchive = ({ folder }: ExtractArgs, { input, check }: Tools): Promise<Unpacked> =>
  unpackArchive(input, folder, { whiteouts: false, check });
