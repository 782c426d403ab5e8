/** A file of a container is damaged while the daemon is down: one object is set aside or made anew, and the rest runs. */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrapBusybox, execIn, idle, make, startNew } from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
let bystander: string;
const client = (): Instance['client'] => instance.client;
const folderOf = (id: string): string => join(instance.folder, 'root/containers', id);

const DAMAGE: readonly (readonly [string, (file: string) => void])[] = [
  ['is empty', (file) => truncateSync(file, 0)],
  ['is cut in half', (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
  ['is garbage', (file) => writeFileSync(file, Buffer.alloc(1000, 0xff))],
  ['is another JSON', (file) => writeFileSync(file, '[1,{"schema":99}]')],
  ['is gone', (file) => rmSync(file)],
];

/** All at once: a daemon that starts on any one of these starts on all of them. */
const FILES = ['container.json', 'state.json', 'context.json', 'exit'] as const;
const ROWS = FILES.flatMap((name) => DAMAGE.map(([what, damage]) => ({ name, what, damage })));
const STRANGE = 'f'.repeat(64);
const ids: string[] = [];

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
  bystander = await startNew(client(), idle());
  for (const { name } of ROWS) {
    const id = await make(client(), idle());
    ids.push(id);
    if (name !== 'container.json') await client().startContainer(id);
    if (name === 'exit') await client().stopContainer(id, { timeoutMs: 0 });
  }
  const settled = (index: number): boolean =>
    readFileSync(join(folderOf(ids[index] as string), 'state.json'), 'utf8').includes('"exit":');
  await until(() => ROWS.every(({ name }, index) => name !== 'exit' || settled(index)), 'ends to be settled');
  await instance.stop('SIGKILL');
  ROWS.forEach(({ name, damage }, index) => damage(join(folderOf(ids[index] as string), name)));
  writeFileSync(join(instance.folder, 'root/containers/a file'), '');
  writeFileSync(folderOf(STRANGE), 'a file where a folder is due');
  await instance.start();
});
afterAll(() => instance.purge());

test('the daemon starts, says what it set aside, and the others run', async () => {
  const damaged = ROWS.flatMap(({ name, what }, index) => {
    if (name === 'container.json') return [ids[index] as string];
    return name === 'state.json' && what !== 'is gone' ? [`${ids[index]}-state.json`] : [];
  });
  const expected = [STRANGE, ...damaged];
  expect([...(await client().info()).quarantined].sort()).toEqual(expected.sort());
  const aside = readdirSync(join(instance.folder, 'root/quarantine'));
  for (const id of expected) {
    expect(existsSync(folderOf(id.replace('-', '/')))).toBe(false);
    expect(aside.some((name) => name.startsWith(id))).toBe(true);
  }
  expect((await execIn(client(), bystander, ['echo', 'well'])).stdout).toBe('well\n');
});

test.each(
  ROWS.map(({ name, what }, index) => ({ name, what, index })).filter(
    ({ name }) => name !== 'container.json',
  ),
)('a container whose $name $what is there, and can be started and removed', async ({ name, index }) => {
  const id = ids[index] as string;
  expect((await client().getContainer(id)).status).toBe(name === 'exit' ? 'exited' : 'running');
  await client().stopContainer(id, { timeoutMs: 0 });
  await client().startContainer(id);
  expect((await execIn(client(), id, ['echo', 'well'])).stdout).toBe('well\n');
  await client().removeContainer(id, { force: true });
});
