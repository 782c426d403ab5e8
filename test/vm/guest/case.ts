/** What a case is: a name that the host's test carries too, and work that throws when it does not hold. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Instance, until } from '../../lab/instance.ts';

export type Case = { readonly name: string; readonly run: (instance: Instance) => Promise<void> };

/** A line of the machine's report. */
export type Report =
  | { readonly kind: 'case'; readonly name: string; readonly error?: string; readonly tookMs: number }
  /** The job has come to its end. */
  | { readonly kind: 'end' };

const CGROUPS = '/sys/fs/cgroup';

export const groupOf = ({ name }: Instance, id: string): string => join(CGROUPS, name, id);

/** The text of a container's cgroup file; '' when it is not there. */
export function groupFile(instance: Instance, id: string, file: string): string {
  const path = join(groupOf(instance, id), file);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

/** The value behind `key` in a file of `key value` lines. */
export const keyed = (text: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);

const REVIVE_MS = 40_000;

/** A busy host emulates slowly: a daemon that lives gets longer to answer than elsewhere. */
export async function revive(instance: Instance): Promise<void> {
  const answers = (): Promise<boolean> =>
    instance.client.version().then(
      () => true,
      () => false,
    );
  await instance.start().catch(async (error: unknown) => {
    if (!existsSync(`/proc/${instance.pid()}`)) throw error;
    await until(answers, 'the daemon to listen', undefined, REVIVE_MS);
  });
}
