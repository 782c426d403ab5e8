/**
 * The state as JSON lines: a header, one object a line (sorted by kind and id, so equal states have equal bytes), and
 * an end with their count. Objects keep fields, and lines keep kinds, that this version does not know.
 */
import { type AnyObj, fail, type OrcError } from '@orc/model';
import { SNAPSHOT_SLICE_CHARS } from '../limits.ts';
import { all, edit, emptyState, KIND_NAMES, type State, write } from './table.ts';

const SCHEMA = 1;
type Header = {
  readonly snapshot: 'orc';
  readonly schema: number;
  readonly index: number;
  readonly time: number;
};

/** In slices, for a writer that must not hold up others. */
export function* encodeSnapshot(state: State): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let slice = '';
  for (const line of linesOf(state)) {
    slice += `${line}\n`;
    if (slice.length < SNAPSHOT_SLICE_CHARS) continue;
    yield encoder.encode(slice);
    slice = '';
  }
  if (slice !== '') yield encoder.encode(slice);
}

function* linesOf(state: State): Generator<string> {
  const header: Header = { snapshot: 'orc', schema: SCHEMA, index: state.index, time: state.time };
  yield JSON.stringify(header);
  let count = 0;
  for (const kind of KIND_NAMES) {
    for (const object of all(state, kind)) {
      yield JSON.stringify(object);
      count += 1;
    }
  }
  yield* state.unknown;
  yield JSON.stringify({ end: count + state.unknown.length });
}

/** Throws `disk.damaged` for what is not whole, or was written by a newer version. */
export function decodeSnapshot(bytes: Uint8Array): State {
  const lines = new TextDecoder().decode(bytes).split('\n');
  const header = parse(lines[0] ?? '') as Partial<Header>;
  if (header.snapshot !== 'orc') throw damaged('has no header');
  if ((header.schema ?? 0) > SCHEMA) {
    throw fail(
      'disk.damaged',
      `the snapshot has schema ${header.schema}, this version reads up to ${SCHEMA}`,
      {
        hint: 'run the version of orc that wrote it, or a newer one',
      },
    );
  }
  if (lines.pop() !== '') throw damaged('is not whole: its last line has no end');
  const end = parse(lines.pop() ?? '') as { end?: number };
  if (end.end !== lines.length - 1) throw damaged('is not whole: its end is missing');
  return readObjects(lines.slice(1), header as Header);
}

function readObjects(lines: readonly string[], header: Header): State {
  const editing = edit(emptyState());
  const unknown: string[] = [];
  for (const line of lines) {
    const object = parse(line) as AnyObj;
    if ((KIND_NAMES as readonly string[]).includes(object.kind)) write(editing, object);
    else unknown.push(line);
  }
  return { ...editing.state, index: header.index, time: header.time, unknown };
}

function parse(line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch {
    throw damaged(`has a line that is not JSON: ${line.slice(0, 40)}`);
  }
}

const damaged = (what: string): OrcError =>
  fail('disk.damaged', `the snapshot ${what}`, { hint: 'set it aside: an older one and the log stand in' });
