/** docker's `--filter` on containers and events. */
import type { ContainerSummary } from '@orc/api';
import { fail, type OrcEvent } from '@orc/model';

type Filters = Readonly<Record<string, readonly string[]>> | undefined;
type Test<T> = (row: T, value: string) => boolean;

const labelTest = (labels: Readonly<Record<string, string>>, wanted: string): boolean => {
  const at = wanted.indexOf('=');
  return at === -1 ? wanted in labels : labels[wanted.slice(0, at)] === wanted.slice(at + 1);
};

const CONTAINER_FILTERS: Readonly<Record<string, Test<ContainerSummary>>> = {
  id: (row, value) => row.id.startsWith(value),
  name: (row, value) => row.name.includes(value.replace(/^\//, '')),
  status: (row, value) => row.status === value,
  label: (row, value) => labelTest(row.labels, value),
  ancestor: (row, value) =>
    row.image === value || row.image === `${value}:latest` || row.imageId.includes(value),
  exited: (row, value) => row.status === 'exited' && String(row.exit?.code) === value,
  health: (row, value) => row.health === value,
  network: (row, value) => value in row.networks,
  volume: (row, value) => row.mounts.includes(value),
  project: (row, value) => row.project === value,
  service: (row, value) => row.service === value,
  publish: (row, value) => row.ports.some((port) => String(port.hostPort) === value.split('/')[0]),
};

const EVENT_FILTERS: Readonly<Record<string, Test<OrcEvent>>> = {
  type: (event, value) => event.type === value,
  event: (event, value) => event.action === value,
  container: (event, value) =>
    event.type === 'container' &&
    (event.actor.id.startsWith(value) || event.actor.attributes['name'] === value),
  image: (event, value) =>
    event.actor.attributes['image'] === value || (event.type === 'image' && event.actor.id === value),
  label: (event, value) => labelTest(event.actor.attributes, value),
  project: (event, value) => event.actor.attributes['project'] === value,
  service: (event, value) => event.actor.attributes['service'] === value,
  network: (event, value) => event.type === 'network' && event.actor.id === value,
  volume: (event, value) => event.type === 'volume' && event.actor.id === value,
};

/** Those of which there are a few: another one would fit nothing, for ever. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  status: ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'],
  health: ['starting', 'healthy', 'unhealthy', 'none'],
};

function mustBeOne(key: string, value: string): void {
  const words = Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
  if (words?.includes(value) === false)
    throw fail('input.invalid', `the filter ${key} knows no "${value}"`, {
      hint: `known: ${words.join(', ')}`,
    });
  if (key === 'exited' && !/^\d+$/.test(value))
    throw fail('input.invalid', `the filter exited takes a status, not "${value}"`, {
      hint: 'write exited=0',
    });
}

/** Values of one key are alternatives; keys must all hold. An unknown key is an error. */
function compile<T>(table: Readonly<Record<string, Test<T>>>, filters: Filters): (row: T) => boolean {
  const tests = Object.entries(filters ?? {}).map(([key, values]) => {
    const test = table[key];
    if (test === undefined)
      throw fail('input.invalid', `unknown filter "${key}"`, {
        hint: `known ones: ${Object.keys(table).join(', ')}`,
      });
    for (const value of values) mustBeOne(key, value);
    return (row: T) => values.some((value) => test(row, value));
  });
  return (row) => tests.every((test) => test(row));
}

export const containerFilter = (filters: Filters): ((row: ContainerSummary) => boolean) =>
  compile(CONTAINER_FILTERS, filters);
export const eventFilter = (filters: Filters): ((event: OrcEvent) => boolean) =>
  compile(EVENT_FILTERS, filters);
