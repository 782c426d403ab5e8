/** The state of the backend in memory. */
import type {
  Container,
  ContainerId,
  Digest,
  EventType,
  ImageSummary,
  NetworkObj,
  ObjectId,
  OrcEvent,
  VolumeObj,
} from '@orc/model';
import type { Backend, ExecState, ProjectView, PutProject, StreamChunk } from '../src/backend.ts';

export const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5);
export const IMAGE_ID = `sha256:${'a1'.repeat(32)}` as Digest;

export type Memory = Backend & {
  readonly calls: string[];
  readonly containers: Map<string, Row>;
  /** Moves the clock. */
  tick(ms: number): void;
  exit(id: string, code: number): void;
};

export type Row = {
  container: Container;
  readonly output: StreamChunk[];
  readonly watchers: Set<() => void>;
  gone: boolean;
};

export type State = {
  now: number;
  count: number;
  readonly rows: Map<string, Row>;
  readonly projects: Map<string, { view: ProjectView; readonly request: PutProject }>;
  readonly images: ImageSummary[];
  readonly networks: Map<string, NetworkObj>;
  readonly volumes: Map<string, VolumeObj & { mountpoint: string }>;
  readonly execs: Map<string, ExecState>;
  readonly events: OrcEvent[];
  readonly listeners: Set<() => void>;
  readonly calls: string[];
};

export const text = (value: string): Uint8Array => Buffer.from(value);

/** What a program prints and how it ends; others run on. */
export const PROGRAMS: Record<
  string,
  { readonly out?: string; readonly err?: string; readonly code: number }
> = {
  true: { code: 0 },
  false: { code: 1 },
  hello: { out: 'hello\n', err: 'grumble\n', code: 0 },
  seven: { code: 7 },
};

export const imageRow = (tag: string): ImageSummary => ({
  id: IMAGE_ID,
  tags: [tag],
  digests: [],
  createdAt: EPOCH - 3 * 86_400_000,
  size: 4_260_000,
  architecture: 'amd64',
  os: 'linux',
});

export const hex = (state: State): ContainerId => {
  state.count += 1;
  return `c${state.count.toString(16).padStart(11, '0')}`.padEnd(64, 'f') as ContainerId;
};
export const objectId = (state: State): ObjectId => {
  state.count += 1;
  return `o${state.count.toString(36)}`.padEnd(25, '0') as ObjectId;
};

export function publish(
  state: State,
  type: EventType,
  action: string,
  id: string,
  attributes: Record<string, string>,
): void {
  state.events.push({
    index: state.events.length + 1,
    time: state.now,
    type,
    action,
    actor: { id, attributes },
  });
  for (const wake of state.listeners) wake();
}
