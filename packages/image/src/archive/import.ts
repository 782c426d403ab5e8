/** docker import: a root file system as an image of one layer. */
import { type Digest, fail, type ImageConfig, OrcError } from '@orc/model';
import { evaluate } from '../build/plan/evaluate.ts';
import { parseFragment } from '../build/plan/dockerfile.ts';
import { startState, type StageState } from '../build/plan/state.ts';
import type { Source } from '../layer/compression.ts';
import { MEDIA } from '../plan/documents.ts';
import { hostPlatform } from '../plan/platform.ts';
import { parseReference } from '../plan/reference.ts';
import { pinned, type Store } from '../store/context.ts';
import { ingestPlainLayer } from '../store/unpack.ts';
import { writeImage } from '../store/write.ts';

export type ImportOptions = {
  readonly reference?: string;
  readonly changes?: readonly string[];
  readonly message?: string;
};

export async function importArchive(store: Store, source: Source, options: ImportOptions): Promise<Digest> {
  const config = changedConfig(options.changes ?? []);
  if (options.reference !== undefined) parseReference(options.reference);
  const blob = await ingestPlainLayer(store, source);
  return pinned(store, [blob.digest], async () => {
    const unpackedSize = store.layers.get(blob.digest)?.unpackedSize ?? 0;
    const layer = {
      diffId: blob.digest,
      ...blob,
      mediaType: MEDIA.ociLayer,
      unpackedSize,
      folder: store.layers.folder(blob.digest),
    };
    const created = new Date(store.options.clock.now()).toISOString();
    return writeImage(store, {
      ...hostPlatform(process.arch),
      config,
      layers: [layer],
      history: [{ created, comment: options.message ?? 'Imported' }],
      tags: options.reference === undefined ? [] : [options.reference],
    });
  });
}

const ALLOWED: ReadonlySet<string> = new Set([
  'cmd',
  'entrypoint',
  'env',
  'expose',
  'healthcheck',
  'label',
  'onbuild',
  'stopsignal',
  'user',
  'volume',
  'workdir',
]);

/** `changes` are Dockerfile instructions that only change the config. */
export function changedConfig(changes: readonly string[]): ImageConfig {
  if (changes.length === 0) return {};
  const { instructions, source, problems } = parseFragment('--change', changes.join('\n'));
  const problem = problems.find(({ severity }) => severity !== 'warning');
  if (problem !== undefined) throw new OrcError(problem);
  let state: StageState = startState({});
  for (const instruction of instructions) {
    if (!ALLOWED.has(instruction.action.kind)) {
      throw fail(
        'input.invalid',
        `${instruction.action.kind.toUpperCase()} cannot be a change of an import`,
        {
          hint: 'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR can',
        },
      );
    }
    const evaluated = evaluate(instruction, state, { source, escape: '\\', buildArgs: {}, globals: {} });
    if ('problem' in evaluated) throw new OrcError(evaluated.problem);
    state = evaluated.step.state;
  }
  return state.config;
}
