/** `orc image …`. */
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@orc/api/client';
import { type ImageStep, OrcError, fail, formatSize } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { writeWhole } from '../cli/output-file.ts';
import { shortId } from '../format/container.ts';
import { type ImageRow, imageRows, NONE } from '../format/image.ts';
import { type Listing, printList } from '../format/output.ts';
import { ago, dateOf, rfc3339 } from '../format/time.ts';
import { showImage } from '../project/image-progress.ts';
import { pullImage, remoteTags } from '../project/pull.ts';
import { booleanOf, filtersFrom } from '../spec/values.ts';
import { eachOf, inspectEach } from './each.ts';

export const ls: Body = async (context, args, flags) => {
  const client = await context.client();
  const wanted = args[0];
  const filters = filtersFrom(flags.list('filter'), ['dangling', 'reference']);
  const rows = (await client.listImages())
    .flatMap((image) => imageRows(image, flags.on('digests')))
    .filter((row) => wanted === undefined || nameFits(row, wanted))
    .filter((row) =>
      (filters['reference'] ?? [undefined]).some((each) => each === undefined || nameFits(row, each)),
    )
    .filter((row) =>
      (filters['dangling'] ?? []).every((each) => booleanOf('dangling', each) === (row.tag === NONE)),
    );
  printList(context, flags, listing(context.io.now(), flags.on('no-trunc'), flags.on('digests')), rows);
  return 0;
};

/** `redis`, `redis:7`, `red*`. */
function nameFits(row: ImageRow, wanted: string): boolean {
  const pattern = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
  return pattern.test(row.repository) || pattern.test(`${row.repository}:${row.tag}`);
}

const listing = (now: number, whole: boolean, digests = false): Listing<ImageRow> => ({
  columns: [
    { header: 'REPOSITORY', cell: (row) => row.repository },
    { header: 'TAG', cell: (row) => row.tag },
    ...(digests ? [{ header: 'DIGEST', cell: (row: ImageRow) => row.digest }] : []),
    { header: 'IMAGE ID', cell: (row) => shortId(row.image.id, whole) },
    { header: 'CREATED', cell: (row) => ago(row.image.createdAt, now) },
    { header: 'SIZE', cell: (row) => formatSize(row.image.size) },
  ],
  fields: (row) => ({
    CreatedAt: dateOf(row.image.createdAt),
    CreatedSince: ago(row.image.createdAt, now),
    Digest: row.digest,
    ID: shortId(row.image.id, whole),
    Repository: row.repository,
    Size: formatSize(row.image.size),
    Tag: row.tag,
  }),
  id: (row) => shortId(row.image.id, whole),
  headers: { ID: 'IMAGE ID', CreatedSince: 'CREATED' },
});

export const pull: Body = async (context, args, flags) => {
  const client = await context.client();
  const platform = flags.text('platform');
  const options = { quiet: flags.on('quiet'), ...(platform === undefined ? {} : { platform }) };
  const names = flags.on('all-tags') ? await allTags(context, client, args) : args;
  return eachOf(context, names, async (name) => {
    await pullImage(context, client, name, options);
    return name;
  });
};

/** Of repositories: their tags, as the registry lists them. */
async function allTags(
  context: Context,
  client: Client,
  names: readonly string[],
): Promise<readonly string[]> {
  const withTag = names.find((name) => name.includes('@') || name.lastIndexOf(':') > name.lastIndexOf('/'));
  if (withTag !== undefined)
    throw fail('usage.invalid', `--all-tags takes no tag, and ${withTag} has one`, {
      hint: 'leave one of them out',
    });
  const tags = await Promise.all(names.map((name) => remoteTags(context, client, name)));
  return names.flatMap((name, at) => (tags[at] ?? []).map((tag) => `${name}:${tag}`));
}

export const bootstrap: Body = async (context, args) => {
  const client = await context.client();
  const reporter = await context.reporter();
  return eachOf(context, args, async (name) => {
    const rows = client.bootstrapImage(name, new AbortController().signal);
    await showImage(reporter, `Image ${name}`, { working: 'Bootstrapping', done: 'Bootstrapped' }, rows);
    return name;
  });
};

/** A file, or standard input. */
function archiveOf(context: Context, file: string | undefined): AsyncIterable<Uint8Array> {
  if (file !== undefined && file !== '-') {
    const path = resolve(context.io.cwd, file);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false)
      throw fail('input.missing', `the archive ${file} is not there`, { hint: 'name a file' });
    return createReadStream(path);
  }
  if (context.io.stdin.isTTY)
    throw fail('usage.invalid', 'an archive is not read from a terminal', {
      hint: 'name a file with -i, or use a pipe',
    });
  return context.io.stdin;
}

/** What is no archive at all is not a damaged one. */
function unreadable(file: string | undefined, error: unknown): unknown {
  if (!(error instanceof OrcError) || !error.message.startsWith('damaged tar archive: checksum'))
    return error;
  return fail('input.invalid', `${file ?? 'standard input'} is not an image archive`, {
    hint: 'write one with "orc image save"; a plain file system goes in with "orc image import"',
    cause: error.problem,
  });
}

export const load: Body = async (context, _, flags) => {
  const file = flags.text('input');
  const archive = archiveOf(context, file);
  const client = await context.client();
  try {
    for await (const row of client.loadImage(archive)) {
      if (row.problem !== undefined) throw new OrcError(row.problem);
      for (const name of row.result?.loaded ?? []) context.out(`Loaded image: ${name}`);
      if (row.result?.loaded?.length === 0 && row.result.id !== undefined)
        context.out(`Loaded image ID: ${row.result.id}`);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  return 0;
};

export const save: Body = async (context, args, flags) => {
  const file = flags.text('output');
  if (file === undefined && context.io.stdout.isTTY)
    throw fail('usage.invalid', 'an archive is not written to a terminal', {
      hint: 'name a file with -o, or use a pipe',
    });
  const chunks = (await context.client()).saveImages(args);
  if (file !== undefined) await writeWhole(context.io, file, chunks);
  else await pipeline(Readable.from(chunks), context.io.stdout, { end: false });
  return 0;
};

export const importArchive: Body = async (context, args, flags) => {
  const [file, reference] = args;
  const message = flags.text('message');
  const options = {
    changes: flags.list('change'),
    ...(reference === undefined ? {} : { reference }),
    ...(message === undefined ? {} : { message }),
  };
  const { id } = await (await context.client()).importImage(archiveOf(context, file), options);
  context.out(id);
  return 0;
};

export const tag: Body = async (context, args) => {
  await (await context.client()).tagImage(args[0] as string, args[1] as string);
  return 0;
};

/** Whoever removes an image does not want to get it. */
const isNotFound = (error: unknown): error is OrcError =>
  error instanceof OrcError && error.problem.code === 'notfound.image';
const notHere = (error: unknown): unknown =>
  isNotFound(error) ? new OrcError({ ...error.problem, hint: 'see "orc image ls"' }) : error;

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  const force = flags.on('force');
  const removeOne = async (name: string): Promise<string> => {
    const rows = await client
      .removeImage(name, { force })
      .catch((error: unknown) => Promise.reject(notHere(error)));
    return rows
      .map((row) => ('untagged' in row ? `Untagged: ${row.untagged}` : `Deleted: ${row.deleted}`))
      .join('\n');
  };
  return eachOf(context, args, removeOne, (error) => force && isNotFound(error));
};

export const inspect: Body = async (context, args, flags) => {
  const client = await context.client();
  return inspectEach(context, flags, args, (name) => client.inspectImage(name));
};

const HISTORY_WIDTH = 45;

export const history: Body = async (context, args, flags) => {
  const steps = await (await context.client()).imageHistory(args[0] as string);
  printList(context, flags, stepListing(context.io.now(), flags.on('no-trunc')), steps);
  return 0;
};

function stepListing(now: number, whole: boolean): Listing<ImageStep> {
  const id = (step: ImageStep): string => (step.id === undefined ? '<missing>' : shortId(step.id, whole));
  const since = ({ createdAt }: ImageStep): string => (createdAt === undefined ? 'N/A' : ago(createdAt, now));
  const by = ({ createdBy }: ImageStep): string => {
    const line = oneLine(createdBy);
    return whole || line.length <= HISTORY_WIDTH ? line : `${line.slice(0, HISTORY_WIDTH - 1)}…`;
  };
  return {
    columns: [
      { header: 'IMAGE', cell: id },
      { header: 'CREATED', cell: since },
      { header: 'CREATED BY', cell: by },
      { header: 'SIZE', cell: (step) => formatSize(step.size) },
      { header: 'COMMENT', cell: (step) => oneLine(step.comment) },
    ],
    fields: (step) => ({
      Comment: step.comment,
      CreatedAt: step.createdAt === undefined ? '' : rfc3339(step.createdAt),
      CreatedBy: by(step),
      CreatedSince: since(step),
      ID: id(step),
      Size: formatSize(step.size),
    }),
    id,
    headers: { ID: 'IMAGE', CreatedSince: 'CREATED' },
  };
}

/** Whoever made the image wrote it: nothing in it reaches the terminal but as text in its row. */
// oxlint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
