/** Which logs of containers that are gone are kept (DECISIONS 14): the newest, for a while, within a size. */

export type KeptLog = { readonly path: string; readonly bytes: number; readonly changedAt: number };
export type Retention = { readonly ageMs: number; readonly bytesMax: number };

/** Those that go. */
export function expiredLogs(
  logs: readonly KeptLog[],
  now: number,
  { ageMs, bytesMax }: Retention,
): readonly KeptLog[] {
  let bytes = 0;
  return logs
    .toSorted((a, b) => b.changedAt - a.changedAt)
    .filter((log) => {
      bytes += log.bytes;
      return now - log.changedAt > ageMs || bytes > bytesMax;
    });
}
