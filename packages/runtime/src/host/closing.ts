/** The end of the daemon's side. An AbortSignal looks through all who listen for each that comes or goes. */
export type Closing = {
  readonly isOver: boolean;
  /** Returns how to take it back. */
  onEnd(call: () => void): () => void;
};

export function openClosing(): Closing & { end(): void } {
  const calls = new Set<() => void>();
  let over = false;
  return {
    get isOver() {
      return over;
    },
    onEnd(call) {
      calls.add(call);
      return () => void calls.delete(call);
    },
    end() {
      over = true;
      for (const call of calls) call();
      calls.clear();
    },
  };
}
