/** `up` and `down` of 10 services in 3 levels, built before, until the last level answers its health check. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../figures.ts';
import type { Row } from './index.ts';

const LEVELS = [3, 4, 3] as const;
const ROUNDS = 5;
const PROGRAM = 'trap "exit 0" TERM; touch /ready; while :; do sleep 100000 & wait; done';

/** Every service waits for all of the level before it to have started. */
function composeFile(): string {
  const lines = ['version: "2.4"', 'services:'];
  let before: string[] = [];
  for (const [level, count] of LEVELS.entries()) {
    const names = Array.from({ length: count }, (_, index) => `s${level}-${index}`);
    for (const name of names) {
      lines.push(
        `  ${name}:`,
        '    image: busybox',
        `    command: ["sh", "-c", ${JSON.stringify(PROGRAM.replaceAll('$', '$$'))}]`,
      );
      if (before.length > 0)
        lines.push(
          '    depends_on:',
          ...before.flatMap((each) => [`      ${each}:`, '        condition: service_started']),
        );
    }
    before = names;
  }
  return `${lines.join('\n')}\n`;
}

export const project: Row = async ({ orc, docker, figures }) => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-bench-up-'));
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, composeFile());
  try {
    const ours = rounds((args) => orc.orc(['-f', file, ...args]));
    figures.print('project.up', ours.up, 's');
    figures.print('project.down', ours.down, 's');
    figures.print('project.nothing-to-do', ours.again, 's');
    if (docker === undefined || docker.run('docker-compose', ['version']).code !== 0)
      return figures.note('docker-compose is not installed');
    const theirs = rounds((args) => docker.run('docker-compose', ['-f', file, ...args]));
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

function rounds(run: Run): { readonly up: number; readonly again: number; readonly down: number } {
  const times = { up: [] as number[], again: [] as number[], down: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.up.push(seconds(run, ['up', '-d']));
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
