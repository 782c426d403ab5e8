import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePlan } from '../src/plan/encode.ts';
import { fillPlan, volumesToFill } from '../src/plan/fill.ts';
import { type Op, OPS, type OpRow, planOf } from '../src/plan/ops.ts';
import { resolveArgv, resolveEnv, withHome } from '../src/plan/process.ts';

const header = readFileSync(join(import.meta.dirname, '../native/ops.h'), 'utf8');

test('the native table is this one', () => {
  const native = [...header.matchAll(/X\((\d+), "([^"]+)", (\w+)\)/g)].map(([, number, name]) => [
    name,
    Number(number),
  ]);
  const ours = Object.entries(OPS).map(([name, row]) => [name, row.number]);
  expect(native).toEqual(ours);
  expect(new Set(ours.map(([, number]) => number)).size).toBe(ours.length);
});

/** As the native side reads it. */
function decode(data: Buffer): readonly Record<string, unknown>[] {
  const byNumber = new Map(
    Object.entries(OPS).map(([name, row]) => [row.number as number, [name, row as OpRow] as const]),
  );
  const ops: Record<string, unknown>[] = [];
  for (let at = 8; at < data.length; at += 8 + data.readUInt32LE(at + 4)) {
    const [name, row] = byNumber.get(data.readUInt16LE(at)) as readonly [string, OpRow];
    const payload = data.subarray(at + 8, at + 8 + data.readUInt32LE(at + 4));
    const reader = readerOf(payload);
    const fields = Object.entries(row.fields).map(([field, kind]) => [field, reader[kind]()]);
    expect(reader.left()).toBe(0);
    ops.push({ op: name, ...Object.fromEntries(fields) });
  }
  return ops;
}

function readerOf(data: Buffer) {
  let at = 0;
  const u32 = (): number => data.readUInt32LE((at += 4) - 4);
  const take = (count: number): Buffer => data.subarray(at, (at += count));
  const string = (): string => {
    const text = take(u32());
    expect(take(1)[0]).toBe(0);
    return text.toString('utf8');
  };
  const list = <T>(each: () => T): T[] => Array.from({ length: u32() }, each);
  return {
    u32,
    u64: () => data.readBigUInt64LE((at += 8) - 8),
    string,
    bytes: () => Buffer.from(take(u32())),
    strings: () => list(string),
    u32s: () => list(u32),
    offsets: () => list(() => ({ offset: u32(), path: string() })),
    left: () => data.length - at,
  };
}

const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0') && each.isWellFormed());
const number = fc.nat({ max: 2 ** 32 - 1 });
const KINDS = {
  u32: number,
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  string: text,
  bytes: fc.uint8Array().map((each) => Buffer.from(each)),
  strings: fc.array(text),
  u32s: fc.array(number),
  offsets: fc.array(fc.record({ offset: number, path: text }, { noNullPrototype: true })),
};
const anyOp = fc.oneof(
  ...Object.entries(OPS).map(([op, row]) =>
    fc.record(
      {
        op: fc.constant(op),
        ...Object.fromEntries(
          Object.entries(row.fields).map(([name, kind]) => [name, KINDS[kind as keyof typeof KINDS]]),
        ),
      },
      { noNullPrototype: true },
    ),
  ),
) as unknown as fc.Arbitrary<Op>;

test('what is encoded is what is read', () => {
  fc.assert(
    fc.property(fc.array(anyOp, { maxLength: 8 }), (ops) => {
      expect(decode(encodePlan(planOf(ops)))).toEqual(ops);
    }),
  );
});

test('a NUL is refused, and named', () => {
  expect(() => encodePlan(planOf([{ op: 'hostname', name: 'a\0b' }]))).toThrow(
    'a NUL character in "a\\u0000b"',
  );
});

test('only volumes are filled, each from the root alone, with a marker beside its data', () => {
  const mounts = [
    { type: 'bind', source: '/v/a/data', target: '/a', copyUp: true },
    { type: 'bind', source: '/host', target: '/b' },
    { type: 'tmpfs', target: '/c', options: [] },
  ] as const;
  const { ops } = fillPlan('/c1', ['/skeleton', '/layer'], volumesToFill(mounts));
  expect(ops.map((each) => each.op)).toEqual([
    'lock',
    'unshare',
    'propagation',
    'overlay',
    'root',
    'copy-up',
  ]);
  expect(ops[3]).toMatchObject({ upper: '', layers: ['/c1/upper', '/layer', '/skeleton'] });
  expect(ops.at(-1)).toEqual({
    op: 'copy-up',
    path: '/a',
    folder: '/v/a/data',
    marker: '/v/a/data.copied',
  });
});

describe('what runs', () => {
  const image = { Entrypoint: ['/entry'], Cmd: ['serve'], Env: ['PATH=/opt', 'A=1', 'B=2'] };
  test.each([
    [{}, ['/entry', 'serve']],
    [{ command: ['x'] }, ['/entry', 'x']],
    [{ entrypoint: ['/other'] }, ['/other']],
    [{ entrypoint: [], command: ['x'] }, ['x']],
    [{ entrypoint: ['/other'], command: ['x'] }, ['/other', 'x']],
  ])('%j', (spec, argv) => {
    expect(resolveArgv({ image: 'i', ...spec }, image)).toEqual(argv);
  });

  test('nothing at all is an error that says so', () => {
    expect(() => resolveArgv({ image: 'empty' }, {})).toThrow(
      'neither empty nor the container has a command',
    );
  });

  test('environment: image over default, spec over image, null removes', () => {
    const env = resolveEnv({ image: 'i', tty: true, env: { A: null, C: '' } }, image, 'host');
    expect(env).toEqual({ PATH: '/opt', HOSTNAME: 'host', TERM: 'xterm', B: '2', C: '' });
    expect(withHome(env, '/h')['HOME']).toBe('/h');
    expect(withHome({ HOME: '/own' }, '/h')['HOME']).toBe('/own');
  });
});
