/** kill -9 at each failpoint of docs/failpoints.md with fifty containers. */
import { expect, test } from 'vitest';
import { type Adoption, distribution, untilClean } from '../lab/crash.ts';
import { bootstrapBusybox } from '../lab/engine.ts';
import { dieAt, LATER, placesOf } from '../lab/failpoints.ts';
import { FIFTY, startFleet } from '../lab/fleet.ts';
import { startInstance } from '../lab/instance.ts';

const ADOPTION_MS = 300;
/** A log of several segments comes by these again. */
const AGAIN = ['raft.segment.filled', 'raft.segment.headed', 'raft.segment.named'];

test('each place of the table, with fifty', async () => {
  const instance = await startInstance();
  const adoptions: Adoption[] = [];
  const failures: string[] = [];
  try {
    await bootstrapBusybox(instance);
    const fleet = await startFleet(instance.client, FIFTY);
    for (const [serial, place] of placesOf([...LATER, ...AGAIN]).entries()) {
      const { wrong, adoption } = await dieAt(instance, fleet, serial, place);
      adoptions.push(adoption);
      console.log(
        `${place.failpoint}, a ${place.first} first: adopted ${adoption.adopted} in ${adoption.adoptionMs.toFixed(0)} ms`,
      );
      for (const line of wrong) console.log(`  ${line}`);
      failures.push(...wrong.map((line) => `${place.failpoint}, a ${place.first} first: ${line}`));
      if (wrong.length > 0) await fleet.accept(instance.client);
    }
    failures.push(...(await fleet.logs(instance.client)));
    await fleet.remove(instance.client);
    await untilClean(instance).catch(({ message }: Error) => failures.push(message));
    console.log(`${adoptions.length} places, ${failures.length} failures`);
    console.log(
      distribution(
        'adoption',
        adoptions.map((each) => each.adoptionMs),
        ADOPTION_MS,
      ),
    );
    expect(failures).toEqual([]);
  } finally {
    await instance.purge();
  }
}, 1_800_000);
