import { fileURLToPath } from 'node:url';
import { formatProblem } from '@orc/model';
import { goldenSuite } from '../../../test/golden/golden.ts';
import { type GoldenCase } from '../../../test/golden/golden.ts';
import { type Resolved, renderYaml } from '../src/index.ts';
import { loadFiles } from './support.ts';

/**
 * A body is compose.yaml; further files begin with `=== path`. Arguments: `env=A:1,B:2`, `profiles=x,y`,
 * `files=a,b`, `name=n`, `host=x64`, `services=a`.
 */
function run(each: GoldenCase): Resolved {
  const list = (name: string): string[] => (each.args[name] ?? '').split(',').filter((word) => word !== '');
  const environment = Object.fromEntries(list('env').map((pair) => pair.split(':') as [string, string]));
  const name = each.args['name'];
  return loadFiles(filesOf(each.body), {
    environment: { HOME: '/home/u', ...environment },
    profiles: list('profiles'),
    files: list('files'),
    ...(name === undefined ? {} : { projectName: name }),
    options: {
      cpus: 2,
      ...(each.args['audit'] ? { audit: true } : {}),
      ...switchesOff(each),
      ...(each.args['host'] ? { host: { os: 'linux', architecture: each.args['host'] } } : {}),
      services: list('services'),
      ...(each.args['uid'] ? { uid: Number(each.args['uid']) } : {}),
    },
  });
}

/** `no=normalize,paths`. */
const switchesOff = ({ args }: GoldenCase): Record<string, boolean> =>
  Object.fromEntries((args['no'] ?? '').split(',').flatMap((name) => (name === '' ? [] : [[name, false]])));

function filesOf(body: string): Record<string, string> {
  const [first = '', ...rest] = body.split(/^=== /m);
  const others = rest.map((part) => {
    const end = part.indexOf('\n');
    return [part.slice(0, end), part.slice(end + 1)];
  });
  return { ...(first === '' ? {} : { 'compose.yaml': first }), ...Object.fromEntries(others) };
}

const problems = (result: Resolved): string => result.problems.map(formatProblem).join('\n');

/** A line for each attribute, then the problems. */
function audit(result: Resolved): string {
  const lines = (result.attributes ?? []).map(({ path, status, why = '', where }) =>
    `${where.file}:${where.line}:${where.column} ${path} ${status} ${why}`.trimEnd(),
  );
  return [...lines, problems(result)].join('\n');
}

/** Only what a service asks for: the labels are the same everywhere. */
function project(result: Resolved): string {
  if (result.project === undefined) return problems(result);
  const text = JSON.stringify(result.project, (key, value) => (key === 'labels' ? undefined : value), 1);
  return text
    .replace(/[\n ]+/g, ' ')
    .replace(/\{ "service": /g, '\n{ "service": ')
    .replace(
      /("networks": \[ \{ "name"|"volumes": \[ \{ "name"|"secrets": \[ \{ "name"|"configs": \[ \{ "name")/g,
      '\n$1',
    );
}

goldenSuite(fileURLToPath(new URL('./golden', import.meta.url)), {
  problems: (each) => problems(run(each)),
  config: (each) => {
    const result = run(each);
    return result.model === undefined ? problems(result) : renderYaml(result.model);
  },
  audit: (each) => audit(run(each)),
  project: (each) => project(run(each)),
});
