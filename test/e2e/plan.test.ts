/** What an up would change, and why it changed it, on a real daemon. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { CommandResult } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
let folder: string;

beforeAll(() => {
  folder = join(lab.instance.folder, 'planned');
  mkdirSync(folder, { recursive: true });
});

type Env = Readonly<Record<string, string>>;
const orc = (args: readonly string[], env: Env = {}): CommandResult =>
  lab.instance.orc(args, { cwd: folder, env });

function write(services: readonly string[], motd = 'hello'): void {
  const lines = ['services:', ...services, `configs: {motd: {content: ${motd}}}`];
  writeFileSync(join(folder, 'compose.yaml'), lines.join('\n'));
}

const WEB = '  web: {image: busybox, command: sleep 1000, environment: {A: one}, configs: [motd], scale: 2}';
const OLD = '  old: {image: busybox, command: sleep 1000}';

test('the fields are told before, and said when it is done', SLOW, () => {
  write([WEB, OLD]);
  expect(orc(['plan']).stdout).toMatch(/^create container planned-web-2 \(on node [^ ]+\)$/m);
  expect(orc(['ls', '-q', '-a']).stdout).toBe('');
  expect(orc(['up', '-d'])).toMatchObject({ code: 0 });
  expect(orc(['plan']).stdout).toBe('3 kept\n');

  write([WEB.replace('one', 'two').replace('sleep 1000', 'sleep 2000'), OLD], 'bye');
  const plan = orc(['plan']).stdout;
  expect(plan).toContain(
    'recreate container planned-web-1: command, configs.planned_motd.content, environment.A changed',
  );
  expect(plan).toContain('    command\n      - ["sleep","1000"]\n      + ["sleep","2000"]\n');
  expect(plan).not.toContain('two');
  const { changes } = JSON.parse(orc(['plan', '--format', 'json']).stdout) as {
    changes: { name: string; action: string; fields?: { path: string }[] }[];
  };
  const web = changes.find((each) => each.name === 'planned-web-1');
  expect(web?.fields?.map((each) => each.path)).toEqual([
    'command',
    'configs.planned_motd.content',
    'environment.A',
  ]);

  const up = orc(['up', '-d']);
  expect(up.code).toBe(0);
  expect(up.stderr.match(/Service web {2}Recreate: .*/g)).toEqual([
    'Service web  Recreate: command, configs.planned_motd.content, environment.A changed',
  ]);
  expect(orc(['plan']).stdout).toBe('3 kept\n');
});

test('what the file no longer has is told, and removed where a variable asks for it', SLOW, () => {
  write([WEB]);
  expect(orc(['plan']).stderr).toContain('services that are not in the file: old');
  expect(orc(['plan'], { COMPOSE_IGNORE_ORPHANS: '1' }).stderr).toBe('');
  expect(orc(['plan'], { COMPOSE_REMOVE_ORPHANS: 'true' }).stdout).toContain(
    'remove container planned-old-1: orphan',
  );
});

test('why a container would not fit is told, and nothing is made of it', SLOW, () => {
  const service = (name: string): string =>
    `  ${name}: {image: busybox, command: sleep 1000, networks: {n: {ipv4_address: 10.213.7.9}}}`;
  const networks = 'networks: {n: {ipam: {config: [{subnet: 10.213.7.0/24}]}}}';
  writeFileSync(join(folder, 'tight.yaml'), ['services:', service('a'), service('b'), networks].join('\n'));
  const plan = (...more: readonly string[]): string =>
    orc(['-p', 'tight', '-f', 'tight.yaml', 'plan', ...more]).stdout;
  expect(plan()).toContain('    would not start: the address 10.213.7.9 is taken by tight-a-1\n');
  const { changes } = JSON.parse(plan('--format', 'json')) as {
    changes: { name: string; node?: string; pending?: { kind: string } }[];
  };
  const [a, b] = ['tight-a-1', 'tight-b-1'].map((name) => changes.find((each) => each.name === name));
  expect([typeof a?.node, a?.pending, b?.node, b?.pending?.kind]).toEqual([
    'string',
    undefined,
    undefined,
    'address-taken',
  ]);
  expect(orc(['ls', '-q', '-a']).stdout).not.toContain('tight');
});
