/** Progress of an operation: things that change state, shown in the form that the user chose. */

export type ProgressMode = 'auto' | 'tty' | 'plain' | 'json' | 'quiet';

export type Progress = {
  /** `Container shop-web-1`, `Image redis:7`; a layer's digest under its image. */
  readonly id: string;
  readonly parent?: string;
  /** `Starting`, `Started`, `Downloading`. */
  readonly text: string;
  /** What changes too often for a line each; only for who can draw over it. */
  readonly detail?: string;
  readonly state: 'working' | 'done' | 'warning' | 'error';
  /** Bytes. */
  readonly current?: number;
  readonly total?: number;
  /** Lines that a program said meanwhile. */
  readonly output?: string;
};

export type Reporter = {
  update(progress: Progress): void;
  /** A line of text between the rows. */
  note(text: string): void;
  /** Writes something else to the same screen: rows that would be drawn over it make room before. */
  around<T>(write: () => T): T;
  /** Leaves the last state on the screen; later updates begin anew. */
  flush(): void;
  close(): void;
};
