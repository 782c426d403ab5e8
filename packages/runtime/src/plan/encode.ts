/** A plan as what the native program eats. Little-endian; strings carry their NUL, so that C uses them in place. */
import { fail } from '@orc/model';
import { type FieldKinds, type LaunchPlan, type Op, OPS, type OpRow } from './ops.ts';

const MAGIC = Buffer.from('ORCP', 'latin1');

/** Throws `input.invalid` for a string that holds a NUL: C would cut it there. */
export function encodePlan(plan: LaunchPlan): Buffer {
  const head = Buffer.alloc(8);
  MAGIC.copy(head);
  head.writeUInt16LE(plan.schema, 4);
  return Buffer.concat([head, ...plan.ops.flatMap((op) => encodeOp(op))]);
}

function encodeOp(op: Op): readonly Buffer[] {
  const row: OpRow = OPS[op.op];
  const values = op as unknown as Readonly<Record<string, never>>;
  const payload = Object.entries(row.fields).flatMap(([name, kind]) => ENCODERS[kind](values[name] as never));
  const head = Buffer.alloc(8);
  head.writeUInt16LE(row.number, 0);
  head.writeUInt32LE(
    payload.reduce((sum, each) => sum + each.length, 0),
    4,
  );
  return [head, ...payload];
}

const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};

const u64 = (value: bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
};

function string(value: string): readonly Buffer[] {
  if (value.includes('\0')) {
    throw fail('input.invalid', `a NUL character in ${JSON.stringify(value.slice(0, 60))}`, {
      hint: 'remove it: the kernel would cut the text there',
    });
  }
  const text = Buffer.from(`${value}\0`, 'utf8');
  return [u32(text.length - 1), text];
}

const bytes = (value: Uint8Array): readonly Buffer[] => [u32(value.length), Buffer.from(value)];

type Encoders = { readonly [K in keyof FieldKinds]: (value: FieldKinds[K]) => readonly Buffer[] };

const ENCODERS: Encoders = {
  u32: (value) => [u32(value)],
  u64: (value) => [u64(value)],
  string,
  bytes,
  strings: (values) => [u32(values.length), ...values.flatMap((each) => string(each))],
  u32s: (values) => [u32(values.length), ...values.map((each) => u32(each))],
  offsets: (values) => [
    u32(values.length),
    ...values.flatMap(({ offset, path }) => [u32(offset), ...string(path)]),
  ],
};
