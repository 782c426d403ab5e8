import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrcError, fail } from '@orc/model';
import { FRAME_BYTES_MAX } from '../src/limits.ts';
import { decodeRows, encodeRow } from '../src/ndjson.ts';
import { decodeChunks, decodeFrames, encodeFrame, type Frame } from '../src/stdcopy.ts';

const frame: fc.Arbitrary<Frame> = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  data: fc.uint8Array({ maxLength: 300 }),
});

/** The bytes in pieces, cut where the numbers say. */
async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const cut of [...cuts].map((each) => each % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(at, cut);
    at = cut;
  }
  yield bytes.subarray(at);
}

const plain = (frames: readonly Frame[]): object[] =>
  frames.map(({ stream, data }) => ({ stream, data: [...data] }));

test('frames come back, wherever the bytes were cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ stream, data }) => encodeFrame(stream, data)));
        expect(plain(await Array.fromAsync(decodeFrames(pieces(bytes, cuts))))).toEqual(plain(frames));
      },
    ),
  );
});

test('the header is docker’s: stream, three zeros, length in big-endian', () => {
  expect([...encodeFrame('stderr', Buffer.from('hi'))]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
});

test('bytes that end inside a frame are an error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(), async (data, at) => {
      const whole = encodeFrame('stdout', data);
      const cut = whole.subarray(0, 1 + (at % (whole.length - 1)));
      await expect(Array.fromAsync(decodeFrames(pieces(cut, [])))).rejects.toThrow('inside a frame');
    }),
  );
});

test('no frame is taken whose length is over the limit, nor one of an unknown stream', async () => {
  const huge = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  await expect(Array.fromAsync(decodeFrames(pieces(huge, [])))).rejects.toThrow(String(FRAME_BYTES_MAX));
  const unknown = Buffer.from([9, 0, 0, 0, 0, 0, 0, 0]);
  await expect(Array.fromAsync(decodeFrames(pieces(unknown, [])))).rejects.toThrow('stream 9');
});

test('a problem is the last frame, and is thrown', async () => {
  const { problem } = fail('disk.full', 'no space', { hint: 'free some' });
  const bytes = Buffer.concat([
    encodeFrame('stdout', Buffer.from('so far')),
    encodeFrame('problem', Buffer.from(JSON.stringify(problem))),
  ]);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const chunk of decodeChunks(pieces(bytes, [3, 9, 20])))
      seen.push(Buffer.from(chunk.data).toString());
  })();
  const error = await reading.then(
    () => undefined,
    (thrown: OrcError) => thrown.problem,
  );
  expect([seen, error]).toEqual([['so far'], problem]);
});

test('rows come back, wherever the bytes were cut, also inside a character', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.json(), { maxLength: 10 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      async (texts, cuts) => {
        const values = texts.map((text) => ({ value: JSON.parse(text) as unknown, umlaut: 'ü€😀' }));
        const bytes = Buffer.from(values.map(encodeRow).join(''));
        expect(await Array.fromAsync(decodeRows(pieces(bytes, cuts)))).toEqual(values);
      },
    ),
  );
});

test('an answer that ends inside a row is an error', async () => {
  await expect(Array.fromAsync(decodeRows(pieces(Buffer.from('{"a":1}\n{"b"'), [])))).rejects.toThrow(
    'inside a line',
  );
});
