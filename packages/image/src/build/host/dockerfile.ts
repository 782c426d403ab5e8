/** The Dockerfile that lies in the context. */
import { readFileSync } from 'node:fs';
import { fail } from '@orc/model';
import type { BuildRequest } from '../../types.ts';
import { DOCKERFILE_BYTES_MAX } from '../limits.ts';
import { withFile } from './reading.ts';
import { lookup } from './tree.ts';

/** A request whose Dockerfile has been read. */
export type ReadRequest = BuildRequest & { readonly dockerfile: string };

/** Links in the context lead nowhere but within it: its text is shown where it is wrong. */
export async function readDockerfile(request: BuildRequest): Promise<ReadRequest> {
  const { dockerfile, dockerfileName, context } = request;
  if (dockerfile !== undefined) return { ...request, dockerfile };
  const entry = lookup({ folders: [context.folder], layered: false }, dockerfileName);
  if (entry?.kind !== 'file')
    throw fail('input.missing', `the build context has no ${dockerfileName}`, {
      hint: 'name the Dockerfile with -f, as it is called in the context',
    });
  if (entry.stats.size > DOCKERFILE_BYTES_MAX)
    throw fail('input.toolarge', `${dockerfileName} is larger than ${DOCKERFILE_BYTES_MAX} bytes`);
  return { ...request, dockerfile: await withFile(entry, (fd) => readFileSync(fd, 'utf8')) };
}
