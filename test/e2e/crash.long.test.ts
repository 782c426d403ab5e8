/**
 * kill -9 of the daemon with fifty containers at 200 seeded instants of work. ORC_SEED runs another sequence, ORC_ROUNDS
 * a longer or shorter one, ORC_FIRST begins within it.
 */
import { expect, test } from 'vitest';
import { distribution } from '../lab/crash.ts';
import { killAtRandom } from '../lab/crash-rounds.ts';
import { bootstrapBusybox } from '../lab/engine.ts';
import { startInstance } from '../lab/instance.ts';

const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const rounds = numberOf('ORC_ROUNDS', 200);
const ROUND_MS_MAX = 60_000;
/** What issue 2 promises; printed, not asserted: other work on the machine slows a few. */
const ADOPTION_MS = 300;

test(
  `${rounds} instants`,
  async () => {
    const [seed, first] = [numberOf('ORC_SEED', 1), numberOf('ORC_FIRST', 0)];
    const instance = await startInstance();
    try {
      await bootstrapBusybox(instance);
      const say = (line: string): void => console.log(line);
      const { adoptions, kills, failures } = await killAtRandom(instance, { seed, rounds, first, say });
      console.log(`seed ${seed}: ${rounds} rounds, ${kills} kills, ${failures.length} failures`);
      console.log(
        distribution(
          'adoption',
          adoptions.map((each) => each.adoptionMs),
          ADOPTION_MS,
        ),
      );
      console.log(
        distribution(
          'start until it listens',
          adoptions.map((each) => each.startMs),
        ),
      );
      expect(failures).toEqual([]);
    } finally {
      await instance.purge();
    }
  },
  60_000 + rounds * ROUND_MS_MAX,
);
