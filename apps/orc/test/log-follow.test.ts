/** When `logs -f` is over: by what the daemon says of each container. */
import type { Client, EventQuery, ProjectView } from '@orc/api/client';
import type { TaskVerdict } from '@orc/model';
import { expect, test } from 'vitest';
import type { Context } from '../src/cli/context.ts';
import { followLogs, goesOn } from '../src/project/log-follow.ts';
import type { LogView } from '../src/project/log-view.ts';

type Row = readonly [
  service: string,
  slot: number,
  state: TaskVerdict['state'],
  standing?: 'coming' | 'stuck',
];

const viewOf = (rows: readonly Row[]): ProjectView =>
  ({
    tasks: rows.map(([, slot], at) => ({ id: `t${at}`, spec: { slot } })),
    verdicts: rows.map(([service, , state, standing], at) => ({
      service,
      tasks: [{ task: `t${at}`, state, missing: standing === undefined ? {} : { started: { standing } } }],
    })),
  }) as unknown as ProjectView;

const runs = { state: 'running', health: 'none' } as const;
const ended = { state: 'exited', code: 0 } as const;
const waits = { state: 'waiting', reason: { kind: 'dependency' } } as unknown as TaskVerdict['state'];
const failed = { state: 'failed', failure: {} } as unknown as TaskVerdict['state'];

test.each<[string, readonly Row[], boolean]>([
  [
    'one that runs',
    [
      ['a', 1, ended],
      ['b', 1, runs],
    ],
    true,
  ],
  [
    'all have ended',
    [
      ['a', 1, ended],
      ['b', 1, failed],
      ['b', 2, { state: 'created' }],
    ],
    false,
  ],
  ['one that is begun again by its policy', [['a', 1, { state: 'backing-off', code: 1 }]], true],
  [
    'one that is still to come',
    [
      ['a', 1, ended],
      ['b', 1, waits, 'coming'],
    ],
    true,
  ],
  ['one that comes only if somebody does something', [['a', 1, waits, 'stuck']], false],
  [
    'one that is stopped, or replaced, speaks to its end',
    [
      ['a', 1, { state: 'stopping' }],
      ['b', 1, { state: 'removing' }],
    ],
    true,
  ],
  ['none is there', [], false],
])('%s', (_, rows, expected) => {
  expect(goesOn(viewOf(rows), { services: [], slot: undefined })).toBe(expected);
});

test('only of those that are meant', () => {
  const view = viewOf([
    ['a', 1, ended],
    ['a', 2, runs],
    ['b', 1, runs],
  ]);
  expect(goesOn(view, { services: ['a'], slot: undefined })).toBe(true);
  expect(goesOn(view, { services: ['a'], slot: 1 })).toBe(false);
  expect(goesOn(view, { services: [], slot: 2 })).toBe(true);
  expect(goesOn(null, { services: [], slot: undefined })).toBe(false);
});

test('a container that starts while the others are listed is heard before they end', async () => {
  const [opened, stop] = [Promise.withResolvers<string>(), new AbortController()];
  const attributes = { project: 'p', service: 'late', name: 'p-late-1' };
  const client = {
    getProject: async () => viewOf([['late', 1, runs]]),
    async *events({ sinceMs = 3 }: EventQuery) {
      if (sinceMs <= 2) yield { time: 2, actor: { id: 'late', attributes } };
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    },
  } as unknown as Client;
  const context = { io: { now: () => 1 } } as unknown as Context;
  const view = { open: ({ id }: { id: string }) => opened.resolve(id) } as unknown as LogView;
  const follow = { project: 'p', services: [], slot: undefined, rows: async () => [] };
  const following = followLogs(context, client, follow, view, stop.signal);
  expect(await opened.promise).toBe('late');
  stop.abort();
  await following;
});
