/** A blob from a registry into the store: checked while it comes, resumed where it broke. */
import { fail, OrcError } from '@orc/model';
import {
  DOWNLOAD_ATTEMPTS_MAX,
  PROGRESS_INTERVAL_MS,
  RETRY_DELAY_MS,
  RETRY_DELAY_MS_MAX,
} from '../limits.ts';
import type { Descriptor } from '../plan/documents.ts';
import type { BlobWriter } from '../store/blobs.ts';
import type { Store } from '../store/context.ts';
import type { Registry } from './client.ts';
import { drop, type HttpResponse } from './http.ts';

export type DownloadOptions = { readonly onBytes: (bytes: number) => void; readonly signal?: AbortSignal };

export async function downloadBlob(
  store: Store,
  registry: Registry,
  blob: Descriptor,
  options: DownloadOptions,
): Promise<void> {
  const transfer: Transfer = { writer: await store.blobs.newWriter(), bytes: 0 };
  try {
    for (let attempt = 1; transfer.bytes < blob.size || attempt === 1; attempt += 1) {
      try {
        await receive(store, registry, blob, transfer, options);
      } catch (error) {
        if (attempt >= DOWNLOAD_ATTEMPTS_MAX || !mayRetry(error, options.signal))
          throw problemOf(blob, error, options.signal);
        const delay = Math.min(RETRY_DELAY_MS * 2 ** (attempt - 1), RETRY_DELAY_MS_MAX);
        await store.options.clock.sleep(delay, options.signal);
      }
    }
  } catch (error) {
    await transfer.writer.abort();
    throw error;
  }
  await transfer.writer.finish(blob);
}

type Transfer = { writer: BlobWriter; bytes: number };

async function receive(
  store: Store,
  registry: Registry,
  blob: Descriptor,
  transfer: Transfer,
  options: DownloadOptions,
): Promise<void> {
  const response = await registry.blob(blob.digest, transfer.bytes);
  try {
    if (!resumes(response, transfer.bytes)) await startOver(store, transfer);
    checkLength(response, blob, transfer.bytes);
    let last = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      transfer.bytes += chunk.length;
      if (transfer.bytes > blob.size) throw tooLong(blob);
      await transfer.writer.write(chunk);
      const now = store.options.clock.monotonic();
      if (now - last >= PROGRESS_INTERVAL_MS) options.onBytes(transfer.bytes);
      if (now - last >= PROGRESS_INTERVAL_MS) last = now;
    }
  } finally {
    drop(response);
  }
  if (transfer.bytes < blob.size)
    throw fail('image.pull', `blob ${blob.digest} ended early`, { retry: true });
}

/** A registry that ignores the range sends everything again. */
const resumes = (response: HttpResponse, from: number): boolean =>
  from === 0 ||
  (response.status === 206 && response.header('content-range')?.startsWith(`bytes ${from}-`) === true);

async function startOver(store: Store, transfer: Transfer): Promise<void> {
  await transfer.writer.abort();
  transfer.writer = await store.blobs.newWriter();
  transfer.bytes = 0;
}

function checkLength(response: HttpResponse, blob: Descriptor, from: number): void {
  const said = response.header('content-length');
  if (said === undefined || response.header('content-encoding') !== undefined) return;
  if (Number(said) > blob.size - from) throw tooLong(blob);
}

const tooLong = (blob: Descriptor): OrcError =>
  fail('image.invalid', `blob ${blob.digest} is longer than the ${blob.size} bytes that the manifest says`);

const mayRetry = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal?.aborted !== true &&
  !isDiskError(error) &&
  (!(error instanceof OrcError) || error.problem.retry === true);

const isDiskError = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes((error as NodeJS.ErrnoException | null)?.code ?? '');

function problemOf(blob: Descriptor, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return fail('canceled', `the download of ${blob.digest} was canceled`);
  if (error instanceof OrcError || isDiskError(error)) return error;
  return fail('image.pull', `the download of ${blob.digest} failed: ${(error as Error).message}`, {
    retry: true,
  });
}
