/** Images that are made here, by the program that knows how, instead of pulled. */
import { type Digest, fail } from '@orc/model';
import { DISTRIBUTIONS } from '../plan/apt.ts';
import { familiarName, parseReference } from '../plan/reference.ts';
import type { Store } from '../store/context.ts';
import type { OnProgress } from '../types.ts';
import { bootstrapBusybox } from './busybox.ts';
import { bootstrapDebian } from './debian.ts';

export type BootstrapOptions = { readonly onProgress: OnProgress; readonly signal?: AbortSignal };

type Maker = (store: Store, name: string, tag: string, options: BootstrapOptions) => Promise<Digest>;

const MAKERS: Readonly<Record<string, Maker>> = {
  'library/busybox': (store, name, _tag, options) => bootstrapBusybox(store, name, options.onProgress),
  'library/debian': (store, name, tag, options) =>
    bootstrapDebian(store, DISTRIBUTIONS.debian, name, tag, options),
  'library/ubuntu': (store, name, tag, options) =>
    bootstrapDebian(store, DISTRIBUTIONS.ubuntu, name, tag, options),
};

/** Throws `input.unsupported` for an image that no program here makes. */
export function bootstrapImage(store: Store, text: string, options: BootstrapOptions): Promise<Digest> {
  const reference = parseReference(text);
  const make = reference.domain === 'docker.io' ? MAKERS[reference.path] : undefined;
  if (make === undefined || reference.digest !== undefined || reference.tag === undefined) {
    throw fail('input.unsupported', `no program here makes ${text}`, {
      hint: 'busybox, debian:<suite> and ubuntu:<suite> can be made; pull, load or build anything else',
    });
  }
  return make(store, familiarName(reference), reference.tag, options);
}
