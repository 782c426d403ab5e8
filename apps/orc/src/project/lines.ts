/** Whole lines out of chunks; a program's last line may lack its newline. */
import type { StreamChunk } from '@orc/api/client';
import { LINE_BYTES_MAX } from '../limits.ts';

/** `begun`: the rest of a line that is too long to be kept whole. */
export type StreamLine = {
  readonly stream: StreamChunk['stream'];
  readonly text: string;
  readonly begun: boolean;
};

export async function* splitLines(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<StreamLine> {
  const rests = { stdout: '', stderr: '' };
  const begun = { stdout: false, stderr: false };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, data } of chunks) {
    const lines = (rests[stream] + decoders[stream].decode(data, { stream: true })).split('\n');
    rests[stream] = lines.pop() as string;
    for (const text of lines) {
      yield { stream, text: text.endsWith('\r') ? text.slice(0, -1) : text, begun: begun[stream] };
      begun[stream] = false;
    }
    if (rests[stream].length > LINE_BYTES_MAX) {
      yield { stream, text: rests[stream], begun: begun[stream] };
      rests[stream] = '';
      begun[stream] = true;
    }
  }
  for (const stream of ['stdout', 'stderr'] as const)
    if (rests[stream] !== '') yield { stream, text: rests[stream], begun: begun[stream] };
}
