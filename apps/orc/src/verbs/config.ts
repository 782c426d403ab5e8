/** `orc config`. */
import type { ComposeModel, LoadOptions } from '@orc/compose';
import { fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { printList } from '../format/output.ts';
import { loadFiles, mustKnow } from '../project/load.ts';

export const config: Body = async (context, args, flags) => {
  if (flags.on('variables')) return printVariables(context, flags);
  const { model, environment, profiles = [] } = await loadFiles(context, optionsOf(args, flags));
  if (model === undefined) throw fail('internal', 'the compose files gave no model');
  mustKnow(args, Object.keys(model.services), model.name);
  if (flags.on('quiet')) return 0;
  const names = namesOf(model, profiles, (name) => flags.on(name));
  const hashed = flags.text('hash');
  if (names !== undefined) {
    if (names.length > 0) context.out(names.join('\n'));
  } else if (flags.on('environment')) context.out(lines(environment));
  else if (hashed !== undefined) await printHashes(context, model, hashed);
  else await printModel(context, onlyServices(model, args), flags);
  return 0;
};

const optionsOf = (services: readonly string[], flags: Flags): LoadOptions => ({
  translate: false,
  services,
  interpolate: !flags.on('no-interpolate'),
  normalize: !flags.on('no-normalize'),
  consistency: !flags.on('no-consistency'),
  paths: !flags.on('no-path-resolution'),
  envFiles: !flags.on('no-env-resolution'),
});

const lines = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map((pair) => pair.join('='))
    .sort()
    .join('\n');

async function printModel(context: Context, model: ComposeModel, flags: Flags): Promise<void> {
  const { renderJson, renderYaml } = await import('@orc/compose');
  const locks = flags.on('lock-image-digests');
  const shown = locks || flags.on('resolve-image-digests') ? await withDigests(context, model) : model;
  const render = flags.text('format') === 'json' ? renderJson : renderYaml;
  const text = render(locks ? onlyImages(shown) : shown);
  const file = flags.text('output');
  if (file === undefined) context.out(text.trimEnd());
  else await (await import('../cli/output-file.ts')).writeWhole(context.io, file, [text]);
}

/** What is built here and what has a digest stay as they are. */
async function withDigests(context: Context, model: ComposeModel): Promise<ComposeModel> {
  const [{ remoteDigest }, { inParallel }] = await Promise.all([
    import('../project/pull.ts'),
    import('../project/images.ts'),
  ]);
  const client = await context.client();
  const services = { ...model.services };
  const wanted = Object.entries(services).filter(
    ([, { image, build }]) => image && !build && !image.includes('@'),
  );
  const digests = new Map<string, string>();
  await inParallel([...new Set(wanted.map(([, { image = '' }]) => image))], async (image) => {
    digests.set(image, await remoteDigest(context, client, image));
  });
  for (const [name, service] of wanted)
    services[name] = { ...service, image: `${service.image}@${digests.get(service.image ?? '')}` };
  return { ...model, services };
}

const onlyImages = ({ services }: ComposeModel): ComposeModel =>
  ({
    services: Object.fromEntries(
      Object.entries(services).flatMap(([name, { image }]) =>
        image?.includes('@') ? [[name, { image }]] : [],
      ),
    ),
  }) as ComposeModel;

const onlyServices = (model: ComposeModel, names: readonly string[]): ComposeModel => {
  if (names.length === 0) return model;
  const services = Object.entries(model.services ?? {}).filter(([name]) => names.includes(name));
  return { ...model, services: Object.fromEntries(services) };
};

/** One of the `config --…s` lists. */
function namesOf(
  model: ComposeModel,
  profiles: readonly string[],
  on: (name: string) => boolean,
): readonly string[] | undefined {
  const services = Object.entries(model.services ?? {});
  if (on('services')) return services.map(([name]) => name).sort();
  if (on('volumes')) return Object.keys(model.volumes ?? {}).sort();
  if (on('networks')) return Object.keys(model.networks ?? {}).sort();
  if (on('models')) return Object.keys(model.models ?? {}).sort();
  if (on('profiles')) return profiles;
  if (on('images'))
    return [...new Set(services.map(([name, each]) => each.image ?? `${model.name}-${name}`))].sort();
  return undefined;
}

/** As the containers' label `com.docker.compose.config-hash` has it. */
async function printHashes(context: Context, model: ComposeModel, wanted: string): Promise<void> {
  const { configHash } = await import('@orc/compose');
  const known = Object.keys(model.services);
  const names = wanted === '*' ? known : wanted.split(',');
  mustKnow(names, known, model.name);
  for (const [name, service] of Object.entries(model.services))
    if (names.includes(name)) context.out(`${name} ${configHash(service)}`);
}

type Use = { readonly name: string; readonly operator: string; readonly operand: string };
type Variable = { readonly name: string; readonly uses: readonly Use[] };

/** What the files ask for, set or not: nothing is interpolated, so that none can be missing. */
async function printVariables(context: Context, flags: Flags): Promise<number> {
  const { variablesOf } = await import('@orc/compose');
  const all = { ...context, globals: { ...context.globals, profiles: ['*'] } };
  const { model } = await loadFiles(all, { translate: false, interpolate: false, values: false });
  const found = Map.groupBy(textsOf(model).flatMap(variablesOf), (use) => use.name);
  const rows = [...found].map(([name, uses]): Variable => ({ name, uses }));
  rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  // Of several uses each says its own: one that cannot do without makes it required.
  const use = ({ uses }: Variable, mark: string): Use | undefined =>
    uses.find(({ operator }) => operator.endsWith(mark));
  const after = (row: Variable, mark: string): string => use(row, mark)?.operand ?? '';
  const isRequired = (row: Variable): boolean => use(row, '?') !== undefined;
  printList(
    context,
    flags,
    {
      columns: [
        { header: 'NAME', cell: (row) => row.name },
        { header: 'REQUIRED', cell: (row) => String(isRequired(row)) },
        { header: 'DEFAULT VALUE', cell: (row) => after(row, '-') },
        { header: 'ALTERNATE VALUE', cell: (row) => after(row, '+') },
      ],
      fields: (row) => ({
        Name: row.name,
        Required: isRequired(row),
        DefaultValue: after(row, '-'),
        AlternateValue: after(row, '+'),
      }),
      id: (row) => row.name,
      jsonList: true,
    },
    rows,
  );
  return 0;
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}
