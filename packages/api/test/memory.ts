/**
 * A `Backend` in memory, for tests of the door and of the command line: containers run until killed, except the
 * commands of `PROGRAMS`; everything is deterministic, the clock stands still unless `tick` is called.
 */
import { containersOf, end, rowOf, streamsOf } from './memory-containers.ts';
import { imagesOf, netsOf } from './memory-images.ts';
import { projectsOf } from './memory-projects.ts';
import { systemOf } from './memory-system.ts';
import type { Backend } from '../src/backend.ts';
import { EPOCH, type Memory, type State, imageRow } from './memory-state.ts';
export { EPOCH, IMAGE_ID, type Memory, type Row } from './memory-state.ts';

export function createMemory(): Memory {
  const state: State = {
    now: EPOCH,
    count: 0,
    rows: new Map(),
    projects: new Map(),
    images: [imageRow('busybox:latest')],
    networks: new Map(),
    volumes: new Map(),
    execs: new Map(),
    events: [],
    listeners: new Set(),
    calls: [],
  };
  const backend: Backend = {
    ...systemOf(state),
    ...projectsOf(state),
    ...containersOf(state),
    ...streamsOf(state),
    ...imagesOf(state),
    ...netsOf(state),
  };
  const tick = (ms: number): void => {
    state.now += ms;
  };
  const exit = (id: string, code: number): void => end(state, rowOf(state, id), code);
  return { ...recorded(backend, state.calls), calls: state.calls, containers: state.rows, tick, exit };
}

function recorded(backend: Backend, calls: string[]): Backend {
  const entries = Object.entries(backend).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      calls.push(name);
      return (method as (...all: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(entries) as Backend;
}
