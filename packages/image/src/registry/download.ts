/** A blob from a registry into the store: checked while it comes, resumed where it broke. */
import { fail, OrcError } from '@orc/model';
import {
  DOWNLOAD_ATTEMPTS_MAX,
  PROGRESS_INTERVAL_MS,
  RETRY_DELAY_MS,
  RETRY_DELAY_MS_MAX,
} from '../limits.ts';
import type { Descriptor } from '../plan/documents.ts';
import type { Store } from '../store/context.ts';
import type { Registry } from './client.ts';
import { drop, type HttpResponse } from './http.ts';

export type DownloadOptions = { readonly onBytes: (bytes: number) => void; readonly signal?: AbortSignal };

/** Into the store, not unpacked. */
export async function downloadBlob(
  store: Store,
  registry: Registry,
  blob: Descriptor,
  options: DownloadOptions,
): Promise<void> {
  const writer = await store.blobs.newWriter();
  try {
    for await (const chunk of downloaded(store, registry, blob, options)) await writer.write(chunk);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.finish(blob);
}

/** The blob's bytes in order, as many as it has to have; whether they are the right ones is for the reader to see. */
export async function* downloaded(
  store: Store,
  registry: Registry,
  blob: Descriptor,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const transfer: Transfer = { bytes: 0 };
  for (let attempt = 1; transfer.bytes < blob.size || attempt === 1; attempt += 1) {
    try {
      yield* receive(store, registry, blob, transfer, options);
    } catch (error) {
      if (attempt >= DOWNLOAD_ATTEMPTS_MAX || !mayRetry(error, options.signal))
        throw problemOf(blob, error, options.signal);
      const delay = Math.min(RETRY_DELAY_MS * 2 ** (attempt - 1), RETRY_DELAY_MS_MAX);
      await store.options.clock.sleep(delay, options.signal);
    }
  }
}

type Transfer = { bytes: number };

async function* receive(
  store: Store,
  registry: Registry,
  blob: Descriptor,
  transfer: Transfer,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const response = await registry.blob(blob.digest, transfer.bytes);
  try {
    // A registry that ignores the range sends everything again.
    let known = resumes(response, transfer.bytes) ? 0 : transfer.bytes;
    checkLength(response, blob, transfer.bytes - known);
    let last = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(known);
      known -= chunk.length - fresh.length;
      transfer.bytes += fresh.length;
      if (transfer.bytes > blob.size) throw tooLong(blob);
      if (fresh.length > 0) yield fresh;
      const now = store.options.clock.monotonic();
      if (now - last < PROGRESS_INTERVAL_MS) continue;
      last = now;
      options.onBytes(transfer.bytes);
    }
  } finally {
    drop(response);
  }
  if (transfer.bytes < blob.size)
    throw fail('image.pull', `blob ${blob.digest} ended early`, { retry: true });
}

const resumes = (response: HttpResponse, from: number): boolean =>
  from === 0 ||
  (response.status === 206 && response.header('content-range')?.startsWith(`bytes ${from}-`) === true);

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
