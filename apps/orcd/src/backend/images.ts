/** Images behind the API: streams of progress out of callbacks. */
import type { Backend, RegistryAuth } from '@orc/api';
import { fail, isDigest, type OrcError } from '@orc/model';
import type { Agent } from '@orc/agent';
import type { Auth, ImageStore } from '@orc/image';
import type { EventStream } from '@orc/telemetry';
import { progressOf } from './progress.ts';

type Images = Pick<
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

export const noSuchImage = (reference: string): OrcError =>
  fail('notfound.image', `no such image: ${reference}`, {
    hint: `get it with: orc image pull ${reference}`,
  });

export function imagesBackend(images: ImageStore, agent: Agent, events: EventStream): Images {
  return {
    listImages: () => images.list(),
    async inspectImage(reference) {
      const found = await images.inspect(reference);
      if (found === undefined) throw noSuchImage(reference);
      return found;
    },
    imageHistory: (reference) => images.history(reference),
    pullImage: (reference, options, signal) =>
      progressOf(async (onProgress) => {
        const auth = options.auth === undefined ? {} : { auth: authOf(options.auth) };
        const platform = options.platform === undefined ? {} : { platform: options.platform };
        const { id } = await images.pull(reference, { ...platform, ...auth, onProgress, signal });
        events.publish('image', 'pull', reference, { name: reference });
        return { id };
      }),
    remoteTags: (reference, { auth }, signal) =>
      images.remoteTags(reference, { signal, ...(auth === undefined ? {} : { auth: authOf(auth) }) }),
    remoteDigest: async (reference, { auth }, signal) => ({
      digest: await images.remoteDigest(reference, {
        signal,
        ...(auth === undefined ? {} : { auth: authOf(auth) }),
      }),
    }),
    bootstrapImage: (reference, signal) =>
      progressOf(async (onProgress) => {
        const { id } = await images.bootstrap(reference, { onProgress, signal });
        events.publish('image', 'import', reference, { name: reference });
        return { id };
      }),
    loadImage: (archive) =>
      progressOf(async (onProgress) => ({ loaded: await images.load(archive, onProgress) })),
    saveImages: (references) => images.save(references),
    importImage: async (archive, options) => ({ id: await images.import(archive, options) }),
    async tagImage(reference, target) {
      await images.tag(reference, target);
      events.publish('image', 'tag', target, { name: target });
    },
    async removeImage(reference, options) {
      const found = await images.inspect(reference);
      if (found === undefined) throw noSuchImage(reference);
      const by = isDigest(found.Id) ? agent.users('image', found.Id) : [];
      const last = found.RepoTags.length <= 1 || reference.startsWith(found.Id.slice('sha256:'.length, 19));
      if (by.length > 0 && last && options.force !== true) {
        throw fail('conflict.inuse', `image ${reference} is used by ${by.join(', ')}`, {
          hint: 'remove these containers first, or use --force',
        });
      }
      const removed = await images.remove(reference, options);
      events.publish('image', 'delete', reference, { name: reference });
      return removed;
    },
    ...buildsBackend(images, agent, events),
  };
}

function buildsBackend(
  images: ImageStore,
  agent: Agent,
  events: EventStream,
): Pick<Images, 'openContext' | 'fillContext' | 'unpackContext' | 'build'> {
  return {
    openContext: (key, files) => images.contexts.open(key, files),
    fillContext: (context, contents) => images.contexts.fill(context, contents),
    unpackContext: (archive) => images.contexts.unpack(archive),
    build: (context, { secrets = {}, auths = {}, ...options }, signal) =>
      progressOf(async (onProgress) => {
        const contents = decoded(secrets);
        const taken = await images.contexts.take(context);
        const logins = Object.entries(auths).map(([registry, auth]) => [registry, authOf(auth)] as const);
        const steps = { run: agent.runStep, runMounts: true, secrets: contents, onProgress, signal };
        const more = { context: taken, auths: Object.fromEntries(logins) };
        const id = await images.build({ ...options, ...steps, ...more }).finally(taken.remove);
        events.publish('image', 'build', options.tags[0] ?? id, { name: options.tags[0] ?? id });
        return { id };
      }),
  };
}

const decoded = (secrets: Readonly<Record<string, string>>): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Object.entries(secrets).map(([id, text]) => [id, Buffer.from(text, 'base64')]));

const authOf = (auth: RegistryAuth): Auth =>
  'token' in auth ? { kind: 'token', token: auth.token } : { kind: 'basic', ...auth };
