/** Folders that something under way uses, counted. */
export type Uses = {
  /** Until the returned function is called, once or more. */
  hold(folder: string): () => void;
  has(folder: string): boolean;
};

export function openUses(): Uses {
  const uses = new Map<string, number>();
  return {
    hold: (folder) => {
      uses.set(folder, (uses.get(folder) ?? 0) + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (uses.get(folder) ?? 1) - 1;
        if (left > 0) uses.set(folder, left);
        else uses.delete(folder);
      };
    },
    has: (folder) => uses.has(folder),
  };
}
