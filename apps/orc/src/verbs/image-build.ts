/** `orc image build`. */
import { resolve } from 'node:path';
import { type BuildSpec, fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { writeWhole } from '../cli/output-file.ts';
import { readGiven, textOf } from '../context/stdin.ts';
import { buildImage, type ContextSource } from '../project/build.ts';
import { extraHost } from '../spec/from-flags.ts';
import { secretsFrom } from '../spec/secrets.ts';
import { bytesOf, compact, pairsOf, some, valuesOf } from '../spec/values.ts';

export const build: Body = async (context, args, flags) => {
  const [folder = ''] = args;
  if (/^(https?|git):/.test(folder))
    throw fail('input.unsupported', `the context ${folder} is no folder`, {
      hint: 'give a folder, such as .',
    });
  const secrets = secretsFrom(flags.list('secret'), context.io);
  const hosts = flags.list('add-host').map(extraHost);
  warnOfCaches(context, flags);
  const { source, ...inputs } =
    folder === '-' ? await fromStdin(context, flags) : await fromFolder(context, folder, flags);
  const id = await buildImage(context, await context.client(), {
    spec: specOf(context, flags, { ...inputs, extraHosts: hosts.length === 0 ? undefined : hosts }),
    tags: flags.list('tag'),
    quiet: flags.on('quiet'),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    ...(source === undefined ? {} : { source }),
  });
  const iidfile = flags.text('iidfile');
  if (iidfile !== undefined) await writeWhole(context.io, iidfile, [id]);
  if (flags.on('quiet')) context.out(id);
  return 0;
};

/** As in compose files: docker too builds without what it cannot get. */
function warnOfCaches(context: Context, flags: Flags): void {
  for (const name of ['cache-from', 'cache-to'])
    for (const word of flags.list(name))
      context.err(`warning: --${name} ${word} is not used: steps come from the cache of this host`);
}

type Inputs = Pick<BuildSpec, 'context'> & {
  readonly dockerfile?: string;
  readonly dockerfileInline?: string;
  readonly source?: ContextSource;
};

async function fromFolder({ io }: Context, folder: string, flags: Flags): Promise<Inputs> {
  const [place, file] = [resolve(io.cwd, folder), flags.text('file')];
  if (file === undefined) return { context: place };
  if (file === '-') return { context: place, dockerfileInline: await textOf(io.stdin) };
  return { context: place, dockerfile: resolve(io.cwd, file) };
}

/** A Dockerfile, to be built without a context, or the context in an archive; `-f` names a file within that. */
async function fromStdin({ io }: Context, flags: Flags): Promise<Inputs> {
  const file = flags.text('file');
  if (file === '-')
    throw fail('usage.invalid', 'standard input cannot be the Dockerfile and the context', {
      hint: 'name a folder, or put the Dockerfile into the archive',
    });
  const given = await readGiven(io.stdin);
  if (given.kind === 'archive')
    return { context: '-', source: given, ...(file === undefined ? {} : { dockerfile: file }) };
  if (file !== undefined)
    throw fail('usage.invalid', `standard input is a Dockerfile, and --file names ${file}`, {
      hint: 'leave one of them out, or give the context as an archive',
    });
  return { context: '-', source: { kind: 'none' }, dockerfileInline: given.text };
}

type Further = Omit<Inputs, 'source'> & { readonly extraHosts: BuildSpec['extraHosts'] };

const specOf = ({ io }: Context, flags: Flags, further: Further): BuildSpec =>
  compact<BuildSpec>({
    context: further.context,
    dockerfile: further.dockerfile,
    dockerfileInline: further.dockerfileInline,
    args: some(valuesOf('build-arg', flags.list('build-arg'), io.env)),
    target: flags.text('target'),
    labels: some(pairsOf('label', flags.list('label'))),
    noCache: flags.on('no-cache') || undefined,
    pull: flags.on('pull') || undefined,
    tags: undefined,
    platform: flags.text('platform'),
    network: flags.text('network'),
    shmSizeBytes: bytesOf(flags, 'shm-size'),
    extraHosts: further.extraHosts,
  });
