/**
 * `orcd [--config FILE]`: the daemon in the foreground. SIGTERM and SIGINT let go; containers live on.
 * `orcd --purge`: ends every container of the instance, removes all that it has on this host, and ends.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Places, placesOf } from '@orc/api';
import { fail, formatProblem, PROBLEM_CODES, type Problem, toProblem } from '@orc/model';
import { keepRoom, makeRoom } from './ballast.ts';
import { readConfig } from './config.ts';
import { type Daemon, openDaemon } from './daemon.ts';
import { LIMITS } from './limits.ts';
import { takeLock } from './lock.ts';
import { mustBeOurs } from './own-files.ts';
import { realWorld } from './world.ts';

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
    join(places.root, 'daemon.log'),
  );
  if (process.getuid?.() !== 0)
    throw fail('permission.root', 'the daemon needs root', { hint: 'run "sudo orc daemon"' });
  mustBeOurs(places);
  makeRoom(places.root, world.emit);
  const lock = takeLock(places, values.purge === true ? 'end it with "orc system stop"' : undefined);
  const began = world.clock.monotonic();
  const daemon = await openDaemon(values.purge === true ? places : onDisk(places), config, world);
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
  keepRoom(places.root).catch((error: unknown) =>
    world.emit('debug', 'no space is kept for a full disk', { error: String(error) }),
  );
  const stop = (signal: string): void => {
    world.emit('info', 'stopping', { signal });
    const late = world.clock.sleep(LIMITS.closeMs).then(() => world.emit('warn', 'closing took too long'));
    void Promise.race([daemon.close(), late])
      .catch((error: unknown) => world.emit('error', 'closing failed', { error: String(error) }))
      .finally(() => {
        lock.release();
        process.exit(0);
      });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal));
}

/**
 * Without links on the way to the root: containers begin with the mounts that it lies on, and no others. A purge has it as
 * it is called, since a folder that a link leads to stays.
 */
const onDisk = (places: Places): Places => ({ ...places, root: realpathSync(places.root) });

async function purge(daemon: Daemon): Promise<void> {
  await daemon.purge();
  process.exit(0);
}

/** Options that make no sense, and folders of the host that refuse, are the caller's matter. */
function problemOf(error: unknown): Problem {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_PARSE_ARGS'))
    return { code: 'usage.invalid', message: message.split('. ')[0] as string, hint: USAGE };
  if (['EACCES', 'EPERM', 'EROFS'].includes(code ?? '') && path !== undefined)
    return { code: 'permission.root', message: `${path} cannot be written (${code})`, hint: WRITABLE };
  return toProblem(error);
}

const USAGE = 'write orcd, orcd --config FILE or orcd --purge';
const WRITABLE = 'run it as root, or set ORC_ROOT and ORC_RUN to folders that can be written';

main().catch((error: unknown) => {
  const problem = problemOf(error);
  for (const each of [problem, ...(problem.others ?? [])]) console.error(`error: ${formatProblem(each)}`);
  if (problem.code === 'internal') console.error(error);
  process.exit(PROBLEM_CODES[problem.code].exit);
});
