/** The ring of events that the daemon publishes. */
import { type Clock, fail, type OrcEvent } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { EventStream, WatchOptions } from '../types.ts';

type Watcher = { readonly queue: OrcEvent[]; wake: () => void; overflowed: boolean };

/** `firstIndex`: indexes go on growing over a restart when the caller begins where the wall clock stands. */
export function openEvents(clock: Clock, firstIndex = 1): EventStream {
  const ring: OrcEvent[] = [];
  const watchers = new Set<Watcher>();
  let nextIndex = firstIndex;
  return {
    get lastIndex() {
      return nextIndex - 1;
    },
    publish(type, action, id, attributes = {}) {
      const event = { index: nextIndex, time: clock.now(), type, action, actor: { id, attributes } };
      nextIndex += 1;
      ring.push(event);
      if (ring.length > LIMITS.eventsMax) ring.shift();
      for (const watcher of watchers) deliver(watcher, event);
    },
    watch: (options) => watchRing(ring, watchers, nextIndex, clock, options),
  };
}

function deliver(watcher: Watcher, event: OrcEvent): void {
  if (watcher.queue.length >= LIMITS.watcherBacklogMax) watcher.overflowed = true;
  else watcher.queue.push(event);
  watcher.wake();
}

const lost = (index: number): Error =>
  fail('conflict.version', `events after index ${index} are no longer held`, {
    hint: 'list again and watch from the newest index',
    retry: true,
  });

/** Joins the watchers at once, not at the first `next()`: what happens between the call and the loop is not missed. */
function watchRing(
  ring: readonly OrcEvent[],
  watchers: Set<Watcher>,
  nextIndex: number,
  clock: Clock,
  options: WatchOptions,
): AsyncIterable<OrcEvent> {
  const { afterIndex, sinceMs } = options;
  const oldest = ring[0]?.index ?? nextIndex;
  if (afterIndex !== undefined && afterIndex + 1 < oldest) throw lost(afterIndex);
  const wanted = (event: OrcEvent): boolean =>
    (afterIndex !== undefined && event.index > afterIndex) ||
    (sinceMs !== undefined && event.time >= sinceMs);
  const watcher: Watcher = { queue: ring.filter(wanted), wake: () => {}, overflowed: false };
  watchers.add(watcher);
  return drainWatcher(watcher, watchers, clock, options);
}

async function* drainWatcher(
  watcher: Watcher,
  watchers: Set<Watcher>,
  clock: Clock,
  options: WatchOptions,
): AsyncIterable<OrcEvent> {
  const { signal, untilMs, match } = options;
  const over = (): boolean => signal?.aborted === true || (untilMs !== undefined && clock.now() >= untilMs);
  const wake = (): void => watcher.wake();
  signal?.addEventListener('abort', wake);
  const cancel =
    untilMs === undefined ? undefined : clock.after(Math.max(0, untilMs - clock.now()) + 1, wake);
  let last = options.afterIndex ?? 0;
  try {
    for (;;) {
      for (let event = watcher.queue.shift(); event !== undefined; event = watcher.queue.shift()) {
        if (untilMs !== undefined && event.time > untilMs) return;
        last = event.index;
        if (match === undefined || match(event)) yield event;
      }
      if (watcher.overflowed) throw lost(last);
      if (over()) return;
      await new Promise<void>((resolve) => {
        watcher.wake = resolve;
        if (watcher.queue.length > 0 || over()) resolve();
      });
    }
  } finally {
    watchers.delete(watcher);
    signal?.removeEventListener('abort', wake);
    cancel?.();
  }
}
