/** One event stream for the command line, agents and dashboards; resumable by `index`. */

export type EventType =
  | 'container'
  | 'image'
  | 'network'
  | 'volume'
  | 'project'
  | 'service'
  | 'task'
  | 'daemon';

/** In the manner of docker's: `{ type: 'container', action: 'die', actor: { id, attributes } }`. */
export type OrcEvent = {
  /** Grows by one with each event; a watcher resumes after the last that it saw. */
  readonly index: number;
  /** Wall time, milliseconds. */
  readonly time: number;
  readonly type: EventType;
  readonly action: string;
  readonly actor: { readonly id: string; readonly attributes: Readonly<Record<string, string>> };
};
