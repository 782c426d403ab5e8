/** The typed client: the methods of `Backend` over a unix socket. Problems come back as the `OrcError`s they were. */
import { defined, type Exit, fail } from '@orc/model';
import type { Backend } from '../backend.ts';
import { API_VERSION } from '../backend.ts';
import { TAR } from '../reply.ts';
import { type Call, bytes, call, duplex, invoke, rows, streams } from './calls.ts';
import { cut } from './reader.ts';
import { createTransport } from './transport.ts';

export * from '../backend.ts';
export { type Places, placesOf, socketOf } from '../places.ts';

export type Client = Omit<Backend, 'waitContainer'> & {
  /** `begun` is called when the daemon has begun to wait: what starts afterwards is not missed. */
  waitContainer(
    reference: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
    begun?: () => void,
  ): Promise<Exit>;
  /** Connects now, and keeps the connection for the first request. */
  open(): Promise<void>;
  /** Cuts every connection. Idle ones do not keep the process anyway. */
  close(): void;
};

/** Connects with `open` or the first request: `daemon.unreachable` or `permission.root` when nobody answers. */
export function connect(options: { readonly socketPath: string }): Client {
  const transport = createTransport(options.socketPath);
  const at = call(transport, `/${API_VERSION}`);
  const { open, close } = transport;
  return {
    ...system(at),
    ...projects(at),
    ...containers(at),
    ...execs(at),
    ...images(at),
    ...nets(at),
    open,
    close,
  };
}

/** Of what is named in a path. Throws `input.invalid` for nothing at all, which would be another path. */
function id(name: string): string {
  if (name !== '') return encodeURIComponent(name);
  throw fail('input.invalid', 'the name is empty', { hint: 'is a variable unset? Give a name or an id' });
}

const system = (at: Call): Pick<Client, 'version' | 'info' | 'events'> => ({
  version: () => invoke(at('GET', '/version')),
  info: () => invoke(at('GET', '/info')),
  events: ({ filters, ...query }, signal) =>
    rows(at('GET', '/events', { query: { ...query, filters: jsonOf(filters) }, signal })),
});

const jsonOf = (filters: object | undefined): string | undefined =>
  filters === undefined ? undefined : JSON.stringify(filters);

type Projects = 'listProjects' | 'getProject' | 'putProject' | 'removeProject' | 'actProject';
const projects = (at: Call): Pick<Client, Projects> => ({
  listProjects: (all) => invoke(at('GET', '/projects', { query: { all } })),
  getProject: (name) => invoke(at('GET', `/projects/${id(name)}`)),
  putProject: (name, body) => invoke(at('PUT', `/projects/${id(name)}`, { body })),
  removeProject: (name, body) => invoke(at('POST', `/projects/${id(name)}/down`, { body })),
  actProject: (name, body) => invoke(at('POST', `/projects/${id(name)}/actions`, { body })),
});

type Containers = Extract<keyof Client, `${string}Container${string}` | 'containerLogs' | 'containerSize'>;
const containers = (at: Call): Pick<Client, Exclude<Containers, 'resizeExec'>> => ({
  listContainers: ({ all, filters }) =>
    invoke(at('GET', '/containers', { query: { all, filters: jsonOf(filters) } })),
  createContainer: (body) => invoke(at('POST', '/containers', { body })),
  getContainer: (name) => invoke(at('GET', `/containers/${id(name)}`)),
  containerSize: (name) => invoke(at('GET', `/containers/${id(name)}/size`)),
  startContainer: (name, signal) => invoke(at('POST', `/containers/${id(name)}/start`, defined({ signal }))),
  stopContainer: (name, body, signal) =>
    invoke(at('POST', `/containers/${id(name)}/stop`, defined({ body, signal }))),
  restartContainer: (name, body, signal) =>
    invoke(at('POST', `/containers/${id(name)}/restart`, defined({ body, signal }))),
  killContainer: (name, signal, canceled) =>
    invoke(at('POST', `/containers/${id(name)}/kill`, defined({ body: { signal }, signal: canceled }))),
  removeContainer: (name, query, signal) =>
    invoke(at('DELETE', `/containers/${id(name)}`, defined({ query, signal }))),
  waitContainer: async (name, condition, signal, begun) => {
    const path = `/containers/${id(name)}/wait`;
    // Read to its end, so that the connection serves again.
    let exit: Exit | undefined;
    for await (const row of rows<Exit>(at('POST', path, { query: { condition }, signal }), begun)) exit = row;
    if (exit !== undefined) return exit;
    throw signal.aborted ? fail('canceled', `the wait for ${name} was canceled`) : cut();
  },
  containerLogs: (name, query, signal) =>
    streams(at('GET', `/containers/${id(name)}/logs`, { query, signal })),
  attachContainer: (name, query) =>
    duplex(at('POST', `/containers/${id(name)}/attach`, { query, upgrade: true })),
  resizeContainer: (name, columns, lines) =>
    invoke(at('POST', `/containers/${id(name)}/resize`, { query: { columns, rows: lines } })),
});

const execs = (at: Call): Pick<Client, 'createExec' | 'startExec' | 'getExec' | 'resizeExec'> => ({
  createExec: (name, body) => invoke(at('POST', `/containers/${id(name)}/exec`, { body })),
  startExec: (exec) => duplex(at('POST', `/exec/${id(exec)}/start`, { upgrade: true })),
  getExec: (exec) => invoke(at('GET', `/exec/${id(exec)}`)),
  resizeExec: (exec, columns, lines) =>
    invoke(at('POST', `/exec/${id(exec)}/resize`, { query: { columns, rows: lines } })),
});

type Images = Extract<
  keyof Client,
  `${string}Image${string}` | 'imageHistory' | 'remoteTags' | 'remoteDigest' | `${string}Context` | 'build'
>;
const images = (at: Call): Pick<Client, Images> => ({
  listImages: () => invoke(at('GET', '/images')),
  inspectImage: (name) => invoke(at('GET', `/images/${id(name)}`)),
  imageHistory: (name) => invoke(at('GET', `/images/${id(name)}/history`)),
  pullImage: (reference, options, signal) =>
    rows(at('POST', '/images/pull', { body: { reference, ...options }, signal })),
  remoteTags: (reference, options, signal) =>
    invoke(at('POST', '/images/tags', { body: { reference, ...options }, signal })),
  remoteDigest: (reference, options, signal) =>
    invoke(at('POST', '/images/digest', { body: { reference, ...options }, signal })),
  bootstrapImage: (reference, signal) =>
    rows(at('POST', '/images/bootstrap', { body: { reference }, signal })),
  loadImage: (archive) => rows(at('POST', '/images/load', { stream: archive, type: TAR })),
  saveImages: (references) => bytes(at('POST', '/images/save', { body: { references } })),
  importImage: (archive, { changes, ...query }) =>
    invoke(
      at('POST', '/images/import', { query: { ...query, change: changes }, stream: archive, type: TAR }),
    ),
  tagImage: (name, target) => invoke(at('POST', `/images/${id(name)}/tag`, { body: { target } })),
  removeImage: (name, query) => invoke(at('DELETE', `/images/${id(name)}`, { query })),
  openContext: (key, files) => invoke(at('POST', '/contexts', { body: { key, files } })),
  fillContext: (context, contents) =>
    invoke(at('PUT', `/contexts/${id(context)}`, { stream: contents, type: 'application/octet-stream' })),
  unpackContext: (archive) => invoke(at('POST', '/contexts/archive', { stream: archive, type: TAR })),
  build: (context, options, signal) => rows(at('POST', '/builds', { body: { context, options }, signal })),
});

type Nets = Extract<keyof Client, `${string}Network${string}` | `${string}Volume${string}` | 'volumeSize'>;
const nets = (at: Call): Pick<Client, Nets> => ({
  listNetworks: () => invoke(at('GET', '/networks')),
  createNetwork: (name, spec) => invoke(at('POST', '/networks', { body: { name, spec } })),
  getNetwork: (name) => invoke(at('GET', `/networks/${id(name)}`)),
  removeNetwork: (name) => invoke(at('DELETE', `/networks/${id(name)}`)),
  listVolumes: () => invoke(at('GET', '/volumes')),
  createVolume: (name, spec) =>
    invoke(at('POST', '/volumes', { body: name === undefined ? { spec } : { name, spec } })),
  getVolume: (name) => invoke(at('GET', `/volumes/${id(name)}`)),
  volumeSize: (name) => invoke(at('GET', `/volumes/${id(name)}/size`)),
  removeVolume: (name, query) => invoke(at('DELETE', `/volumes/${id(name)}`, { query })),
});
