/** The sentence of every reason, failure and state. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenSuite, parseGolden } from '../../../test/golden/golden.ts';
import {
  explainFailure,
  explainState,
  explainWait,
  type Failure,
  formatProblem,
  problemOfFailure,
  problemOfWait,
  type NodeRefusal,
  type TaskState,
  type WaitReason,
} from '../src/index.ts';

const coded = (problem: ReturnType<typeof problemOfWait>): string =>
  `${problem.code}: ${formatProblem(problem)}`;
const folder = join(import.meta.dirname, 'golden');

goldenSuite(folder, {
  wait: ({ body }) => explainWait(JSON.parse(body) as WaitReason),
  failure: ({ body }) => explainFailure(JSON.parse(body) as Failure),
  state: ({ body }) => explainState(JSON.parse(body) as TaskState),
  stuck: ({ body }) => coded(problemOfWait('shop-web-1', JSON.parse(body) as WaitReason)),
  failed: ({ body }) => coded(problemOfFailure('web', JSON.parse(body) as Failure)),
});

const WAITS: Readonly<Record<WaitReason['kind'], true>> = {
  predecessor: true,
  'no-node': true,
  'volume-down': true,
  'network-missing': true,
  'no-subnet': true,
  'no-address': true,
  'network-leaving': true,
  'address-foreign': true,
  'address-taken': true,
  dependency: true,
  'dependency-failed': true,
};
const REFUSALS: Readonly<Record<NodeRefusal['kind'], true>> = {
  'node-down': true,
  'node-availability': true,
  platform: true,
  'volume-missing': true,
  'volume-elsewhere': true,
  'port-taken': true,
};
const FAILURES: Readonly<Record<Failure['kind'], true>> = {
  exited: true,
  unhealthy: true,
  unchecked: true,
  'image-missing': true,
  rejected: true,
  unstartable: true,
  'update-paused': true,
  'dependency-failed': true,
};
const STATES: Readonly<Record<TaskState['state'], true>> = {
  waiting: true,
  creating: true,
  created: true,
  starting: true,
  running: true,
  'backing-off': true,
  exited: true,
  failed: true,
  stopping: true,
  removing: true,
};

test('no kind is without its sentence here', () => {
  const cases = parseGolden(readFileSync(join(folder, 'explain.txt'), 'utf8'));
  const said = (verb: string, pick: (value: never) => readonly string[]): readonly string[] =>
    [
      ...new Set(
        cases.filter((each) => each.verb === verb).flatMap(({ body }) => pick(JSON.parse(body) as never)),
      ),
    ].sort();
  const sorted = (table: object): readonly string[] => Object.keys(table).sort();
  expect(said('wait', (value: WaitReason) => [value.kind])).toEqual(sorted(WAITS));
  expect(
    said('wait', (value: { refusals?: NodeRefusal[] }) => (value.refusals ?? []).map(({ kind }) => kind)),
  ).toEqual(sorted(REFUSALS));
  expect(said('failure', (value: Failure) => [value.kind])).toEqual(sorted(FAILURES));
  expect(said('state', (value: TaskState) => [value.state])).toEqual(sorted(STATES));
});
