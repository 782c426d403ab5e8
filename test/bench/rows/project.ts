/** `up` and `down` of 10 services in 3 levels, built before; `up` counts until every service answers from outside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../figures.ts';
import { NAMESPACE_FILE } from '../peers/docker.ts';
import { startProber } from '../peers/prober.ts';
import type { Row } from './index.ts';

const LEVELS = [3, 4, 3] as const;
const FIRST_PORT = 21_800;
const ROUNDS = 5;
/** Honours SIGTERM at once, as a well-behaved service does. */
const PROGRAM = 'trap "exit 0" TERM; httpd -f -p 80 -h / & wait';

type Service = { readonly name: string; readonly port: number; readonly after: readonly string[] };

/** Every service waits for all of the level before it to have started. */
function services(): readonly Service[] {
  const all: Service[] = [];
  let after: string[] = [];
  for (const [level, count] of LEVELS.entries()) {
    const names = Array.from({ length: count }, (_, index) => `s${level}-${index}`);
    for (const name of names) all.push({ name, port: FIRST_PORT + all.length, after });
    after = names;
  }
  return all;
}

function composeFile(all: readonly Service[]): string {
  const lines = all.flatMap(({ name, port, after }) => [
    `  ${name}:`,
    '    image: busybox',
    `    command: ["sh", "-c", ${JSON.stringify(PROGRAM)}]`,
    `    ports: ["127.0.0.1:${port}:80"]`,
    ...(after.length > 0 ? ['    depends_on:'] : []),
    ...after.flatMap((each) => [`      ${each}:`, '        condition: service_started']),
  ]);
  return ['version: "2.4"', 'services:', ...lines, ''].join('\n');
}

export const project: Row = async ({ orc, docker, figures }) => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-up-'));
  const file = join(folder, 'compose.yaml');
  const all = services();
  const ports = all.map(({ port }) => port);
  writeFileSync(file, composeFile(all));
  try {
    const ours = await rounds(ports, undefined, (args) => orc.orc(['-f', file, ...args]));
    figures.print('project.up', ours.up, 's');
    figures.print('project.down', ours.down, 's');
    figures.print('project.nothing-to-do', ours.again, 's');
    if (docker === undefined || docker.run('docker-compose', ['version']).code !== 0)
      return figures.note('docker-compose is not installed');
    const theirs = await rounds(ports, NAMESPACE_FILE, (args) =>
      docker.run('docker-compose', ['-f', file, ...args]),
    );
    figures.print('docker-compose.up', theirs.up, 's');
    figures.print('docker-compose.down', theirs.down, 's');
    figures.print('project.up', ours.up, 's', { name: 'docker-compose', value: theirs.up, goal: 5 });
    figures.print('project.down', ours.down, 's', { name: 'docker-compose', value: theirs.down, goal: 5 });
    figures.print('project.nothing-to-do', ours.again, 's', { name: 'docker-compose', value: theirs.again });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

type Run = (args: readonly string[]) => { readonly code: number; readonly stderr: string };
type Times = { readonly up: number; readonly again: number; readonly down: number };

async function rounds(ports: readonly number[], inside: string | undefined, run: Run): Promise<Times> {
  const times = { up: [] as number[], again: [] as number[], down: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { answered } = await startProber(ports, inside);
    const began = Date.now();
    const command = seconds(run, ['up', '-d']);
    times.up.push(Math.max(command, ((await answered) - began) / 1000));
    times.again.push(seconds(run, ['up', '-d']));
    times.down.push(seconds(run, ['down']));
  }
  return { up: median(times.up), again: median(times.again), down: median(times.down) };
}

function seconds(run: Run, args: readonly string[]): number {
  const began = performance.now();
  const { code, stderr } = run(args);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return (performance.now() - began) / 1000;
}
