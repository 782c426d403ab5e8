/**
 * `orcd [--config FILE]`: the daemon in the foreground. SIGTERM and SIGINT let go; containers live on.
 * `orcd --purge`: ends every container of the instance, removes all that it has on this host, and ends.
 */
import { parseArgs } from 'node:util';
import { formatProblem, PROBLEM_CODES, toProblem } from '@orc/model';
import { readConfig } from './config.ts';
import { type Daemon, openDaemon } from './daemon.ts';
import { placesOf } from './instance.ts';
import { takeLock } from './lock.ts';
import { realWorld } from './world.ts';

/** Crash-only: what does not let go in this time is left as a crash would leave it. */
const CLOSE_MS_MAX = 4000;

/** Heavy work (unpacking, hashing) must not keep the log's writes waiting; read when the pool is first used. */
process.env['UV_THREADPOOL_SIZE'] ??= '8';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, purge: { type: 'boolean' } },
    strict: true,
  });
  const config = readConfig(values.config);
  const places = placesOf(process.env);
  const world = realWorld(
    config.logLevel === undefined ? process.env : { ...process.env, ORC_LOG_LEVEL: config.logLevel },
  );
  const lock = takeLock(places);
  const began = world.clock.monotonic();
  const daemon = await openDaemon(places, config, world);
  if (values.purge === true) return purge(daemon);
  const { adopted, quarantined, tookMs } = daemon.recovered;
  world.emit('info', 'listening', {
    socket: places.socket,
    instance: places.instance,
    adopted,
    quarantined,
    adoptionMs: tookMs,
    startMs: world.clock.monotonic() - began,
  });
  const stop = (signal: string): void => {
    world.emit('info', 'stopping', { signal });
    const late = world.clock.sleep(CLOSE_MS_MAX).then(() => world.emit('warn', 'closing took too long'));
    void Promise.race([daemon.close(), late])
      .catch((error: unknown) => world.emit('error', 'closing failed', { error: String(error) }))
      .finally(() => {
        lock.release();
        process.exit(0);
      });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal));
}

async function purge(daemon: Daemon): Promise<void> {
  await daemon.purge();
  process.exit(0);
}

main().catch((error: unknown) => {
  const problem = toProblem(error);
  console.error(formatProblem(problem));
  if (problem.code === 'internal') console.error(error);
  process.exit(PROBLEM_CODES[problem.code].exit);
});
