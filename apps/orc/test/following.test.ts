/** Whose words and ends a foreground `up` hears: those of the containers that count for their services. */
import type { Client } from '@orc/api/client';
import type { OrcEvent, Project } from '@orc/model';
import { expect, test } from 'vitest';
import { follow } from '../src/project/following.ts';
import type { LogView } from '../src/project/log-view.ts';

type Case = {
  /** Containers of the service a that are there, by id. */
  readonly tasks: Readonly<Record<string, { readonly current: boolean; readonly asked?: number }>>;
  readonly status?: Readonly<Record<string, string>>;
  readonly events: readonly (readonly ['start' | 'die', string, number?])[];
  readonly oom?: boolean;
};

const noDaemon = (): Promise<never> => Promise.reject(new Error('no daemon'));

/** What is opened and said, and how the first that counts ended, if one did. */
async function heard({ tasks, status = {}, events, oom = false }: Case): Promise<readonly string[]> {
  const told: string[] = [];
  const over = new AbortController();
  const all = Promise.withResolvers<void>();
  const rows = Object.keys(tasks).map((id) => {
    const state = status[id] ?? 'exited';
    return { id, name: 'p-a-1', service: 'a', status: state, exit: { at: 9, oomKilled: oom } };
  });
  async function* replayed(): AsyncGenerator<OrcEvent> {
    for (const [action, id, code = 0] of events) {
      const attributes = { project: 'p', service: 'a', name: 'p-a-1', exitCode: String(code) };
      yield { type: 'container', action, actor: { id, attributes } } as unknown as OrcEvent;
    }
    all.resolve();
    await new Promise((resolve) => over.signal.addEventListener('abort', resolve));
  }
  const client = {
    listContainers: async () => rows,
    getProject: async () => ({
      services: [{ id: 's', spec: { desired: 'run', generation: 1 } }],
      tasks: Object.entries(tasks).map(([id, { asked = 1 }]) => ({
        id: `task ${id}`,
        spec: {
          serviceId: 's',
          containerId: id,
          generation: 1,
          desired: { state: 'run', generation: asked },
        },
        status: { generation: 1 },
      })),
      verdicts: [
        { tasks: Object.entries(tasks).map(([id, { current }]) => ({ task: `task ${id}`, current })) },
      ],
    }),
    events: replayed,
  } as unknown as Client;
  const view = {
    open: ({ id }: { id: string }) => void told.push(`open ${id}`),
    say: (name: string, text: string) => void told.push(`${name} ${text}`),
    ended: async () => undefined,
  } as unknown as LogView;
  const project = { name: 'p', services: [{ service: 'a', container: {} }] } as unknown as Project;
  const request = {
    project,
    result: { eventIndex: 0 },
    wanted: {},
    shown: new Set(['a']),
    begun: 5,
    back: noDaemon,
  };
  const following = follow(client, request, view, over.signal);
  void following.first.then(({ code }) => told.push(`first ${code}`));
  await all.promise;
  await new Promise(setImmediate);
  over.abort();
  return told;
}

const OLD_AND_NEW = { old: { current: false }, new: { current: true } };

test.each<[string, Case, readonly string[]]>([
  [
    'the end of a container that is replaced is none, and nothing is said of it',
    { tasks: OLD_AND_NEW, status: { old: 'running' }, events: [['die', 'old', 3]] },
    [],
  ],
  [
    'nor of one that is gone already',
    { tasks: { new: { current: true } }, events: [['die', 'gone', 3]] },
    [],
  ],
  [
    'its successor counts',
    {
      tasks: OLD_AND_NEW,
      events: [
        ['die', 'old', 3],
        ['start', 'new'],
        ['die', 'new', 4],
      ],
    },
    ['open new', 'a-1 exited with code 4', 'first 4'],
  ],
  [
    'one that ran before and was kept counts too',
    { tasks: { kept: { current: true } }, events: [['die', 'kept', 5]] },
    ['a-1 exited with code 5', 'first 5'],
  ],
  [
    'the first half of a restart is no end',
    { tasks: { kept: { current: true, asked: 2 } }, events: [['die', 'kept', 143]] },
    ['a-1 exited with code 143'],
  ],
  [
    'nor is an end after which it runs again already',
    { tasks: { kept: { current: true } }, status: { kept: 'running' }, events: [['die', 'kept', 143]] },
    ['open kept', 'a-1 exited with code 143'],
  ],
  [
    'one that ran out of memory is said to have',
    { tasks: { hog: { current: true } }, events: [['die', 'hog', 137]], oom: true },
    ['a-1 exited with code 137 (out of memory)', 'first 137'],
  ],
])('%s', async (_, given, expected) => {
  expect(await heard(given)).toEqual(expected);
});
