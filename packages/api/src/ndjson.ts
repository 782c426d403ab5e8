/** Streams of JSON values, one a line (`application/x-ndjson`). A problem is a last line `{"problem": …}`. */
import { OrcError, type Problem, fail } from '@orc/model';
import { LINE_BYTES_MAX } from './limits.ts';

export const encodeRow = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** Throws the `OrcError` that a line with a problem stands for; `internal` at what is no line of JSON. */
export async function* decodeRows<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of source) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() as string;
    if (rest.length > LINE_BYTES_MAX)
      throw fail('internal', `a line of JSON is over ${LINE_BYTES_MAX} bytes`);
    for (const line of lines) if (line !== '') yield decodeRow<T>(line);
  }
  if (rest.trim() !== '') throw fail('internal', 'the answer ended inside a line of JSON', { retry: true });
}

function decodeRow<T>(line: string): T {
  const row = JSON.parse(line) as { readonly problem?: Problem } | null;
  if (row?.problem !== undefined) throw new OrcError(row.problem);
  return row as T;
}
