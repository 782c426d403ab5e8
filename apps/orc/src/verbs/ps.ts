/** `orc ps`, `ls`, `images`, `port`. */
import type { Client, ContainerSummary, ProjectView } from '@orc/api/client';
import { COMPOSE_LABELS, fail, formatSize } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { Problems } from '../cli/problems.ts';
import { hostAddress, shortId, taskListing } from '../format/container.ts';
import { printList } from '../format/output.ts';
import { mustKnowWritten, projectName, servicesOfFiles } from '../project/load.ts';
import { mustBeState } from '../project/states.ts';
import { viewOf } from '../project/watch.ts';
import { filtersFrom } from '../spec/values.ts';
import { projectHere } from './act.ts';

const byName = (a: ContainerSummary, b: ContainerSummary): number =>
  (a.service ?? '').localeCompare(b.service ?? '') ||
  (a.slot ?? 0) - (b.slot ?? 0) ||
  a.name.localeCompare(b.name);

export async function rowsOf(
  client: Client,
  project: string,
  services: readonly string[],
): Promise<ContainerSummary[]> {
  const rows = await client.listContainers({ all: true, filters: { project: [project] } });
  return rows.filter((row) => services.length === 0 || services.includes(row.service ?? '')).sort(byName);
}

/** Containers of `orc run`: they have no slot and are known by their labels. */
export async function oneOffsOf(
  client: Client,
  project: string,
  services: readonly string[] = [],
): Promise<ContainerSummary[]> {
  const filters = { label: [`${COMPOSE_LABELS.project}=${project}`] };
  const rows = await client.listContainers({ all: true, filters });
  return rows
    .filter(({ labels }) => labels[COMPOSE_LABELS.oneOff] === 'True')
    .map((row) => ({ ...row, service: row.labels[COMPOSE_LABELS.service] ?? '' }))
    .filter(({ service }) => services.length === 0 || services.includes(service))
    .sort(byName);
}

export const ps: Body = async (context, args, flags) => {
  const client = await context.client();
  const name = await elsewhere(context, 'orc container ls', projectName(context));
  const view = await viewOf(client, name);
  await mustKnowWritten(context, args, servicesOf(view), name);
  const own = await rowsOf(client, name, args);
  const inFiles = flags.on('orphans') ? undefined : await servicesOfFiles(context);
  const oneOffs = flags.on('all') ? await oneOffsOf(client, name, args) : [];
  const rows = [...own, ...oneOffs]
    .filter((row) => inFiles?.includes(row.service ?? '') ?? true)
    .filter(chosen(flags));
  if (flags.on('services')) {
    const services = new Set(rows.map((row) => row.service ?? ''));
    if (services.size > 0) context.out([...services].join('\n'));
    return 0;
  }
  printList(context, flags, taskListing(context.io.now(), flags.on('no-trunc')), rows);
  return 0;
};

/** In docker both lists go by one name: who has no files here may have meant that of the whole host. */
async function elsewhere<T>({ io, globals }: Context, command: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    const named = globals.files.length > 0 || io.env['COMPOSE_FILE'];
    if (!(error instanceof Problems) || named) throw error;
    const [problem, ...more] = error.problems;
    if (problem?.code !== 'compose.file' || more.length > 0) throw error;
    const hint = [`"${command}" lists those of this host`, problem.hint].filter(Boolean).join('; ');
    throw new Problems([{ ...problem, hint }], error.advice);
  }
}

const servicesOf = (view: ProjectView | null): readonly string[] =>
  (view?.services ?? []).map((each) => each.spec.service);

/** Running ones, unless all or some states were asked for. */
function chosen(flags: Flags): (row: ContainerSummary) => boolean {
  const filters = filtersFrom(flags.list('filter'));
  const wanted = [...flags.list('status'), ...(filters['status'] ?? [])];
  const unknown = Object.keys(filters).find((key) => key !== 'status');
  if (unknown !== undefined)
    throw fail('usage.invalid', `--filter ${unknown} is unknown`, { hint: 'status is known' });
  wanted.forEach(mustBeState);
  if (wanted.length > 0) return (row) => wanted.includes(row.status);
  return flags.on('all') ? () => true : (row) => row.status === 'running' || row.status === 'restarting';
}

export const ls: Body = async (context, _, flags) => {
  const client = await context.client();
  const filters = filtersFrom(flags.list('filter'));
  const names = filters['name'] ?? [''];
  const rows = (await client.listProjects(flags.on('all'))).filter((row) =>
    names.some((each) => row.name.includes(each)),
  );
  printList(
    context,
    flags,
    {
      columns: [
        { header: 'NAME', cell: (row) => row.name },
        { header: 'STATUS', cell: (row) => row.status },
        { header: 'CONFIG FILES', cell: (row) => row.configFiles.join(',') },
      ],
      fields: (row) => ({ Name: row.name, Status: row.status, ConfigFiles: row.configFiles.join(',') }),
      id: (row) => row.name,
      jsonList: true,
    },
    rows,
  );
  return 0;
};

export const images: Body = async (context, args, flags) => {
  const client = await context.client();
  const known = await elsewhere(context, 'orc image ls', projectHere(context, client, args));
  if (known === undefined) return 0;
  const { name } = known;
  const all = new Map((await client.listImages()).map((image) => [image.id, image]));
  const rows = (await rowsOf(client, name, args)).map((row) => {
    const [, repository = row.image, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(row.image) ?? [];
    return { container: row.name, repository, tag, id: row.imageId, image: all.get(row.imageId) };
  });
  printList(
    context,
    flags,
    {
      columns: [
        { header: 'CONTAINER', cell: (row) => row.container },
        { header: 'REPOSITORY', cell: (row) => row.repository },
        { header: 'TAG', cell: (row) => row.tag },
        {
          header: 'PLATFORM',
          cell: (row) => (row.image === undefined ? '' : `${row.image.os}/${row.image.architecture}`),
        },
        { header: 'IMAGE ID', cell: (row) => shortId(row.id) },
        { header: 'SIZE', cell: (row) => formatSize(row.image?.size ?? 0) },
      ],
      fields: (row) => ({
        ID: row.id,
        ContainerName: row.container,
        Repository: row.repository,
        Tag: row.tag,
        Platform: row.image === undefined ? '' : `${row.image.os}/${row.image.architecture}`,
        Size: row.image?.size ?? 0,
      }),
      id: (row) => row.id.replace(/^sha256:/, ''),
      jsonList: true,
    },
    flags.on('quiet') ? distinct(rows) : rows,
  );
  return 0;
};

/** Several containers of one image are one id. */
const distinct = <T extends { readonly id: string }>(rows: readonly T[]): readonly T[] => [
  ...new Map(rows.map((row) => [row.id, row])).values(),
];

const PORT_MAX = 65_535;

export const port: Body = async (context, args, flags) => {
  const [service = '', wanted = ''] = args;
  const protocol = flags.text('protocol') ?? 'tcp';
  const [inside = '', named = protocol] = wanted.split('/');
  if (!/^\d{1,5}$/.test(inside) || Number(inside) > PORT_MAX || !['tcp', 'udp', 'sctp'].includes(named))
    throw fail('usage.invalid', `"${wanted}" is no port`, { hint: 'write 80, or 53/udp' });
  const client = await context.client();
  const row = await containerOf(context, client, service, flags.number('index'));
  const found = row.ports.find((each) => String(each.containerPort) === inside && each.protocol === named);
  if (found?.hostPort === undefined)
    throw fail('notfound.object', `the port ${inside}/${named} of ${row.name} is not published`, {
      hint: 'see "orc ps"',
    });
  context.out(hostAddress(found.hostIp, found.hostPort));
  return 0;
};

/** The container of a service: the numbered one, or the first that runs. */
export async function containerOf(
  context: Context,
  client: Client,
  service: string,
  index: number | undefined,
): Promise<ContainerSummary> {
  const name = await projectName(context);
  await mustKnowWritten(context, [service], servicesOf(await viewOf(client, name)), name);
  const rows = await rowsOf(client, name, [service]);
  const running = rows.filter((row) => row.status === 'running');
  const found = index ? rows.find((row) => row.slot === index) : running[0];
  if (found !== undefined && found.status === 'running') return found;
  const which = index
    ? `${service} has no running container ${index}`
    : `service "${service}" is not running`;
  throw fail('conflict.state', which, { hint: `start it with "orc up -d ${service}"` });
}
