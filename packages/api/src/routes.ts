/** The route table: a row for every request that the daemon takes. */
import { defined, fail } from '@orc/model';
import { parseDocument } from '@orc/model/documents';
import type { Backend, PutProject } from './backend.ts';
import { BODIES, type Bodies, type BodyName } from './bodies.ts';
import { BUILD_BYTES_MAX, CONTEXT_BYTES_MAX, PROJECT_BYTES_MAX } from './limits.ts';
import { TAR, empty, json, later, type Reply, rows } from './reply.ts';
import { type Input, filtersOf, flagOf, numberOf } from './request.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Route = {
  readonly method: Method;
  /** After the prefix of its table; `{name}` takes one segment, percent-encoded where it holds a slash. */
  readonly path: string;
  readonly body: 'none' | 'json' | 'stream';
  /** The document of `schemas/api.schema.json` that a body of JSON is. */
  readonly document?: BodyName;
  readonly bytesMax?: number;
  /** Parses the input and calls the backend; throws `OrcError`s. */
  readonly run: (backend: Backend, input: Input) => Promise<Reply>;
};

/** Routes under one prefix. Docker's Engine API is to be a second table. */
export type RouteTable = { readonly prefix: string; readonly routes: readonly Route[] };

const get = (path: string, run: Route['run']): Route => ({ method: 'GET', path, body: 'none', run });
const remove = (path: string, run: Route['run']): Route => ({ method: 'DELETE', path, body: 'none', run });
const bytes = (method: Method, path: string, run: Route['run']): Route => ({
  method,
  path,
  body: 'stream',
  run,
});

type Act<Name extends BodyName> = (backend: Backend, body: Bodies[Name], input: Input) => Promise<Reply>;
/** A body of JSON, checked before `act` sees it; an empty one counts as `{}`. */
const withJson = <Name extends BodyName>(
  method: Method,
  path: string,
  document: Name,
  act: Act<Name>,
  bytesMax?: number,
): Route => ({
  method,
  path,
  body: 'json',
  document,
  ...defined({ bytesMax }),
  run: (backend, input) => act(backend, parseDocument(BODIES[document], input.body ?? {}, 'body'), input),
});
const post = <Name extends BodyName>(
  path: string,
  document: Name,
  act: Act<Name>,
  bytesMax?: number,
): Route => withJson('POST', path, document, act, bytesMax);

const param = (input: Input, name: string): string => input.params[name] as string;
const id = (input: Input): string => param(input, 'id');
const done = async (work: Promise<unknown>): Promise<Reply> => {
  await work;
  return empty();
};
const value = async (work: Promise<unknown>, status = 200): Promise<Reply> => json(await work, status);

const SYSTEM: readonly Route[] = [
  get('/version', (backend) => value(backend.version())),
  get('/info', (backend) => value(backend.info())),
  get('/events', async (backend, { query, signal }) =>
    rows(
      backend.events(
        defined({
          afterIndex: numberOf(query, 'afterIndex'),
          sinceMs: numberOf(query, 'sinceMs'),
          untilMs: numberOf(query, 'untilMs'),
          filters: filtersOf(query),
        }),
        signal,
      ),
    ),
  ),
];

const PROJECTS: readonly Route[] = [
  get('/projects', (backend, { query }) => value(backend.listProjects(flagOf(query, 'all') ?? false))),
  get('/projects/{id}', (backend, input) => value(backend.getProject(id(input)))),
  withJson(
    'PUT',
    '/projects/{id}',
    'PutProject',
    (backend, body, input) => value(backend.putProject(id(input), sameName(body, id(input)))),
    PROJECT_BYTES_MAX,
  ),
  post('/projects/{id}/down', 'DownOptions', (backend, body, input) =>
    value(backend.removeProject(id(input), body)),
  ),
  post('/projects/{id}/actions', 'ProjectAction', (backend, body, input) =>
    value(backend.actProject(id(input), body)),
  ),
];

function sameName(body: PutProject, name: string): PutProject {
  if (body.project.name === name) return body;
  throw fail('input.invalid', `the path names the project ${name}, the body ${body.project.name}`, {
    hint: 'name the same one',
  });
}

const CONTAINERS: readonly Route[] = [
  get('/containers', (backend, { query }) =>
    value(
      backend.listContainers({
        all: flagOf(query, 'all') ?? false,
        ...defined({ filters: filtersOf(query) }),
      }),
    ),
  ),
  post('/containers', 'CreateContainer', (backend, body) => value(backend.createContainer(body), 201)),
  get('/containers/{id}', (backend, input) => value(backend.getContainer(id(input)))),
  get('/containers/{id}/size', (backend, input) => value(backend.containerSize(id(input)))),
  post('/containers/{id}/start', 'Nothing', (backend, _, input) =>
    done(backend.startContainer(id(input), input.signal)),
  ),
  post('/containers/{id}/stop', 'StopRequest', (backend, body, input) =>
    done(backend.stopContainer(id(input), body, input.signal)),
  ),
  post('/containers/{id}/restart', 'StopRequest', (backend, body, input) =>
    done(backend.restartContainer(id(input), body, input.signal)),
  ),
  post('/containers/{id}/kill', 'KillRequest', (backend, body, input) =>
    done(backend.killContainer(id(input), body.signal, input.signal)),
  ),
  remove('/containers/{id}', (backend, input) => {
    const { query } = input;
    const options = defined({ force: flagOf(query, 'force'), volumes: flagOf(query, 'volumes') });
    return done(backend.removeContainer(id(input), options, input.signal));
  }),
  post('/containers/{id}/wait', 'Nothing', async (backend, _, input) =>
    later(backend.waitContainer(id(input), conditionOf(input), input.signal)),
  ),
  get('/containers/{id}/logs', logs),
  post('/containers/{id}/attach', 'Nothing', attach),
  post('/containers/{id}/resize', 'Nothing', (backend, _, input) =>
    done(backend.resizeContainer(id(input), ...sizeOf(input))),
  ),
  post('/containers/{id}/exec', 'ExecConfig', (backend, body, input) =>
    value(backend.createExec(id(input), body), 201),
  ),
  post('/exec/{id}/start', 'Nothing', async (backend, _, input) => {
    const { config } = await backend.getExec(id(input));
    return { kind: 'duplex', raw: config.tty, duplex: await backend.startExec(id(input)) };
  }),
  get('/exec/{id}', (backend, input) => value(backend.getExec(id(input)))),
  post('/exec/{id}/resize', 'Nothing', (backend, _, input) =>
    done(backend.resizeExec(id(input), ...sizeOf(input))),
  ),
];

const CONDITIONS = ['not-running', 'next-exit', 'removed'] as const;
function conditionOf(input: Input): (typeof CONDITIONS)[number] {
  const wanted = input.query.get('condition') ?? 'not-running';
  const found = CONDITIONS.find((each) => each === wanted);
  if (found === undefined)
    throw fail('input.invalid', `query condition=${wanted} is no condition`, {
      hint: `use ${CONDITIONS.join(', ')}`,
    });
  return found;
}

function sizeOf({ query }: Input): [number, number] {
  const [columns, lines] = [numberOf(query, 'columns') ?? 0, numberOf(query, 'rows') ?? 0];
  const fits = (each: number): boolean => Number.isInteger(each) && each > 0 && each < 65_536;
  if (!fits(columns) || !fits(lines))
    throw fail('input.invalid', `a terminal of ${columns} columns and ${lines} rows is none`, {
      hint: 'send columns and rows, 1 to 65535',
    });
  return [columns, lines];
}

async function logs(backend: Backend, input: Input): Promise<Reply> {
  const { query, signal } = input;
  const container = await backend.getContainer(id(input));
  const request = defined({
    follow: flagOf(query, 'follow'),
    tail: numberOf(query, 'tail'),
    sinceMs: numberOf(query, 'sinceMs'),
    untilMs: numberOf(query, 'untilMs'),
    stdout: flagOf(query, 'stdout'),
    stderr: flagOf(query, 'stderr'),
    timestamps: flagOf(query, 'timestamps'),
  });
  const chunks = backend.containerLogs(container.id, request, signal);
  return { kind: 'streams', raw: container.spec.tty ?? false, chunks };
}

async function attach(backend: Backend, _: unknown, input: Input): Promise<Reply> {
  const { query } = input;
  const container = await backend.getContainer(id(input));
  const duplex = await backend.attachContainer(container.id, {
    stdin: flagOf(query, 'stdin') ?? false,
    stdout: flagOf(query, 'stdout') ?? false,
    stderr: flagOf(query, 'stderr') ?? false,
    ...defined({ logs: flagOf(query, 'logs') }),
  });
  return { kind: 'duplex', raw: container.spec.tty ?? false, duplex };
}

const IMAGES: readonly Route[] = [
  get('/images', (backend) => value(backend.listImages())),
  get('/images/{id}', (backend, input) => value(backend.inspectImage(id(input)))),
  get('/images/{id}/history', (backend, input) => value(backend.imageHistory(id(input)))),
  post('/images/pull', 'PullRequest', async (backend, body, { signal }) => {
    const { reference, ...options } = body;
    return rows(backend.pullImage(reference, options, signal));
  }),
  post('/images/tags', 'TagsRequest', (backend, { reference, ...options }, { signal }) =>
    value(backend.remoteTags(reference, options, signal)),
  ),
  post('/images/digest', 'TagsRequest', (backend, { reference, ...options }, { signal }) =>
    value(backend.remoteDigest(reference, options, signal)),
  ),
  post('/images/bootstrap', 'BootstrapRequest', async (backend, body, { signal }) =>
    rows(backend.bootstrapImage(body.reference, signal)),
  ),
  bytes('POST', '/images/load', async (backend, { stream }) => rows(backend.loadImage(stream))),
  post('/images/save', 'SaveRequest', async (backend, body) => ({
    kind: 'bytes',
    type: TAR,
    chunks: backend.saveImages(body.references),
  })),
  bytes('POST', '/images/import', (backend, { query, stream }) => {
    const [reference, message] = [query.get('reference') ?? undefined, query.get('message') ?? undefined];
    const changes = query.getAll('change');
    return value(backend.importImage(stream, { changes, ...defined({ reference, message }) }), 201);
  }),
  post('/images/{id}/tag', 'TagRequest', (backend, body, input) =>
    done(backend.tagImage(id(input), body.target)),
  ),
  remove('/images/{id}', (backend, input) =>
    value(backend.removeImage(id(input), defined({ force: flagOf(input.query, 'force') }))),
  ),
];

const BUILDS: readonly Route[] = [
  post(
    '/contexts',
    'ContextRequest',
    (backend, body) => value(backend.openContext(body.key, body.files), 201),
    CONTEXT_BYTES_MAX,
  ),
  bytes('PUT', '/contexts/{id}', (backend, input) => done(backend.fillContext(id(input), input.stream))),
  bytes('POST', '/contexts/archive', (backend, { stream }) => value(backend.unpackContext(stream), 201)),
  post(
    '/builds',
    'BuildRequest',
    async (backend, body, { signal }) => rows(backend.build(body.context, body.options, signal)),
    BUILD_BYTES_MAX,
  ),
];

const NETWORKS_AND_VOLUMES: readonly Route[] = [
  get('/networks', (backend) => value(backend.listNetworks())),
  post('/networks', 'CreateNetwork', (backend, body) =>
    value(backend.createNetwork(body.name, body.spec), 201),
  ),
  get('/networks/{id}', (backend, input) => value(backend.getNetwork(id(input)))),
  remove('/networks/{id}', (backend, input) => done(backend.removeNetwork(id(input)))),
  get('/volumes', (backend) => value(backend.listVolumes())),
  post('/volumes', 'CreateVolume', (backend, body) => value(backend.createVolume(body.name, body.spec), 201)),
  get('/volumes/{id}', (backend, input) => value(backend.getVolume(id(input)))),
  get('/volumes/{id}/size', (backend, input) => value(backend.volumeSize(id(input)))),
  remove('/volumes/{id}', (backend, input) =>
    done(backend.removeVolume(id(input), defined({ force: flagOf(input.query, 'force') }))),
  ),
];

export const NATIVE: RouteTable = {
  prefix: '/v1',
  routes: [...SYSTEM, ...PROJECTS, ...CONTAINERS, ...IMAGES, ...BUILDS, ...NETWORKS_AND_VOLUMES],
};
