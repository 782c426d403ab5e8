/** Images, networks and volumes of the backend in memory. */
import { fail } from '@orc/model';
import type { Backend } from '../src/backend.ts';
import { IMAGE_ID, type State, text, imageRow } from './memory-state.ts';
import { withTag } from './memory-containers.ts';
import { object } from './memory-projects.ts';

// Images, networks, volumes

export type ImageMethods = Pick<
  Backend,
  | 'listImages'
  | 'inspectImage'
  | 'imageHistory'
  | 'pullImage'
  | 'bootstrapImage'
  | 'remoteTags'
  | 'remoteDigest'
  | 'loadImage'
  | 'saveImages'
  | 'importImage'
  | 'tagImage'
  | 'removeImage'
  | 'openContext'
  | 'fillContext'
  | 'unpackContext'
  | 'build'
>;
export const imagesOf = (state: State): ImageMethods => ({
  listImages: async () => state.images,
  inspectImage: async (reference) => {
    const found = state.images.find(
      (image) => image.tags.includes(withTag(reference)) || image.id === reference,
    );
    if (found === undefined) throw fail('notfound.image', `there is no image ${reference}`);
    return { Id: found.id, Config: { Cmd: ['sh'] }, RepoTags: found.tags };
  },
  imageHistory: async (reference) =>
    reference === 'busybox'
      ? [
          { id: IMAGE_ID, createdAt: state.now - 3_600_000, createdBy: 'CMD ["sh"]', size: 0, comment: '' },
          {
            createdAt: state.now - 7_200_000,
            createdBy: 'RUN set -e;\tmake -j4 all install prefix=/opt/very/long',
            size: 4_200_000,
            comment: 'made',
          },
          { createdBy: '', size: 2_000_000, comment: 'a layer without history' },
        ]
      : Promise.reject(fail('notfound.image', `there is no image ${reference}`)),
  pullImage: async function* (reference) {
    if (reference.includes('nonesuch')) throw fail('image.pull', `${reference} is not in its registry`);
    yield { status: `Pulling from ${reference}` };
    yield { id: '0123456789ab', status: 'Downloading', current: 10, total: 20 };
    yield { id: '0123456789ab', status: 'Pull complete' };
    state.images.push(imageRow(withTag(reference)));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
  remoteTags: async (reference) =>
    reference.includes('nonesuch')
      ? Promise.reject(fail('notfound.image', 'no such repository'))
      : ['1', '2'],
  remoteDigest: async (reference) =>
    reference.includes('nonesuch')
      ? Promise.reject(fail('notfound.image', `${reference} is not in its registry`))
      : { digest: IMAGE_ID },
  bootstrapImage: async function* (reference) {
    yield { status: 'Bootstrapping', output: 'I: Retrieving\n' };
    state.images.push(imageRow(reference));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
  loadImage: async function* (archive) {
    let size = 0;
    for await (const part of archive) size += part.length;
    yield { status: `Loading ${size} bytes` };
    yield { status: 'done', result: { loaded: ['loaded:latest'] } };
  },
  saveImages: async function* (references) {
    yield text(`tar of ${references.join(', ')}`);
    if (references.includes('broken')) throw fail('disk.damaged', 'a blob of broken is damaged');
  },
  importImage: async (archive, options) => {
    for await (const _ of archive);
    state.images.push(imageRow(options.reference ?? '<none>'));
    return { id: IMAGE_ID };
  },
  tagImage: async (_reference, target) => void state.images.push(imageRow(withTag(target))),
  removeImage: async (reference) => {
    const at = state.images.findIndex((image) => image.tags.includes(withTag(reference)));
    if (at === -1) throw fail('notfound.image', `there is no image ${reference}`);
    state.images.splice(at, 1);
    return [{ untagged: withTag(reference) }, { deleted: IMAGE_ID }];
  },
  openContext: async (_key, files) => ({
    context: 'ctx',
    needed: files.flatMap((file, index) => (file.type === 'file' ? [index] : [])),
  }),
  fillContext: async (_context, contents) => {
    for await (const _ of contents);
  },
  unpackContext: async (archive) => {
    let size = 0;
    for await (const part of archive) size += part.length;
    return { context: `archive of ${size} bytes` };
  },
  build: async function* (_context, options) {
    yield { id: '1/2', status: 'FROM busybox' };
    yield { id: '2/2', status: 'RUN make', output: 'making\n' };
    if (options.dockerfile?.includes('RUN false'))
      throw fail('build.failed', 'RUN false ended with 1', {
        where: { file: options.dockerfileName, line: 2 },
      });
    for (const tag of options.tags) state.images.push(imageRow(withTag(tag)));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
});

export type NetMethods = Pick<
  Backend,
  | 'listNetworks'
  | 'createNetwork'
  | 'getNetwork'
  | 'removeNetwork'
  | 'listVolumes'
  | 'createVolume'
  | 'getVolume'
  | 'volumeSize'
  | 'removeVolume'
>;
export function netsOf(state: State): NetMethods {
  const one = <T>(map: Map<string, T>, kind: 'network' | 'volume', name: string): T => {
    const found = map.get(name);
    if (found === undefined) throw fail(`notfound.${kind}`, `there is no ${kind} ${name}`);
    return found;
  };
  return {
    listNetworks: async () => [...state.networks.values()],
    createNetwork: async (name, spec) => {
      if (state.networks.has(name)) throw fail('conflict.name', `the network ${name} exists already`);
      const made = object(state, 'network' as const, name, spec, { subnets: [], index: 1, blocks: [] });
      state.networks.set(name, made);
      return made;
    },
    getNetwork: async (name) => ({ ...one(state.networks, 'network', name), containers: [] }),
    removeNetwork: async (name) => {
      one(state.networks, 'network', name);
      state.networks.delete(name);
    },
    listVolumes: async () => [...state.volumes.values()],
    createVolume: async (name = 'anonymous', spec) => {
      const made = {
        ...object(state, 'volume' as const, name, spec, {}),
        mountpoint: `/var/lib/orc/volumes/${name}`,
      };
      state.volumes.set(name, made);
      return made;
    },
    getVolume: async (name) => one(state.volumes, 'volume', name),
    volumeSize: async (name) => {
      one(state.volumes, 'volume', name);
      return { bytes: 1_000 };
    },
    removeVolume: async (name) => {
      one(state.volumes, 'volume', name);
      state.volumes.delete(name);
    },
  };
}
