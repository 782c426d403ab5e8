import { expect, test } from 'vitest';
import { type Planned, planJson, planLines, summaryLines } from '../src/format/plan.ts';

const ID = `sha256:${'a'.repeat(64)}`;
const NONE = `sha256:${'0'.repeat(64)}`;

const UNFIT = {
  kind: 'no-node',
  refusals: [{ kind: 'platform', node: 'one', has: 'linux/amd64', wants: 'linux/arm64' }],
} as const;

const planned: Planned = {
  project: 'shop',
  images: [
    { image: 'nginx:2', action: 'pull' },
    { image: 'shop-api', action: 'build', id: ID, context: 'sha256:c0ffee' },
  ],
  changes: [
    { kind: 'network', name: 'shop_back', action: 'create' },
    {
      kind: 'task',
      name: 'shop-web-1',
      service: 'web',
      action: 'recreate',
      reason: 'image, restart.condition changed',
      fields: [
        { path: 'image', before: `nginx:1 ${ID}`, after: `nginx:2 ${NONE}` },
        { path: 'restart.condition', after: 'always' },
      ],
    },
    {
      kind: 'task',
      name: 'shop-web-2',
      service: 'web',
      action: 'recreate',
      reason: 'image, restart.condition changed',
    },
    { kind: 'task', name: 'shop-job-1', service: 'job', action: 'create', node: 'one' },
    { kind: 'task', name: 'shop-arm-1', service: 'arm', action: 'create', pending: UNFIT },
    { kind: 'task', name: 'shop-old-1', service: 'old', action: 'remove', reason: 'orphan' },
    { kind: 'task', name: 'shop-db-1', service: 'db', action: 'keep' },
  ],
  warnings: [],
};

test('a plan is told field by field, in the order of what is done', () => {
  expect(planLines(planned).join('\n')).toBe(`pull image nginx:2
build image shop-api if its context changed, which replaces its containers
    context sha256:c0ffee
create network shop_back
recreate container shop-web-1: image, restart.condition changed
    image
      - nginx:1 ${ID}
      + nginx:2, which is not here yet
    restart.condition
      + always
recreate container shop-web-2: image, restart.condition changed
create container shop-job-1 (on node one)
create container shop-arm-1
    would not start: node one is linux/amd64, not linux/arm64
remove container shop-old-1: orphan
3 to create, 2 to recreate, 1 to remove, 1 kept`);
});

test('a dry run is told in lines', () => {
  expect(summaryLines(planned)).toHaveLength(9);
  expect(summaryLines({ ...planned, images: [], changes: planned.changes.slice(-1) })).toEqual([
    'nothing would change',
  ]);
});

test('nothing to do is said', () => {
  expect(planLines({ ...planned, images: [], changes: planned.changes.slice(-1) })).toEqual(['1 kept']);
  expect(planLines({ ...planned, images: [], changes: [] })).toEqual(['nothing would change']);
});

test('as JSON it is the whole', () => {
  expect(JSON.parse(planJson(planned))).toEqual(planned);
});
