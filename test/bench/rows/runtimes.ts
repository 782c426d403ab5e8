/** The command line beside podman, which is a whole engine, and beside runc and crun, which only run. */
import { median, timeEach } from '../figures.ts';
import { openOciRuntime } from '../peers/oci-runtime.ts';
import { openPodman } from '../peers/podman.ts';
import type { Bench, Row } from './index.ts';
import { orcCycle } from './cycle.ts';

const ROUNDS = 10;

export const runtimes: Row = async (bench) => {
  await besidePodman(bench);
  for (const program of ['runc', 'crun'] as const) await besideRuntime(bench, program);
};

async function besidePodman({ orc, figures }: Bench): Promise<void> {
  const podman = openPodman();
  if (typeof podman === 'string') return figures.note(`podman does not run here: ${podman}`);
  try {
    for (const network of ['bridge', 'none'] as const) {
      const args = ['container', 'run', '--rm', '--network', network, 'busybox', 'true'];
      const [ours, theirs] = await inTurns(
        () => succeed(orc.orc(args)),
        () => podman.run(network),
      );
      const name = `podman.run.${network}`;
      figures.print(name, theirs, 'ms');
      figures.print(`run.${network}`, ours, 'ms', { name, value: theirs });
    }
  } finally {
    podman.close();
  }
}

async function besideRuntime({ orc, figures }: Bench, program: 'runc' | 'crun'): Promise<void> {
  const runtime = openOciRuntime(program);
  if (typeof runtime === 'string') return figures.note(`${program} does not run here: ${runtime}`);
  try {
    const [ours, theirs] = await inTurns(
      () => orcCycle(orc.client),
      () => runtime.run(),
    );
    figures.print(`${program}.run-without-network`, theirs, 'ms');
    figures.print('cycle.api', ours, 'ms', { name: program, value: theirs });
  } finally {
    runtime.close();
  }
}

/** Medians of both, measured turn by turn so that they see the same load of the machine. */
async function inTurns(
  ours: () => Promise<void> | void,
  theirs: () => Promise<void> | void,
): Promise<readonly [number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    times[0].push(...(await timeEach(1, async () => ours())));
    times[1].push(...(await timeEach(1, async () => theirs())));
  }
  return [median(times[0]), median(times[1])];
}

function succeed({ code, stderr }: { readonly code: number; readonly stderr: string }): void {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
}
