/** A plan for people and for golden tests: one operation per line. Contents of files and filters show as their size. */
import { type LaunchPlan, type Op, OPS, type OpRow } from './ops.ts';

export const explain = (plan: LaunchPlan): string =>
  plan.ops.map((op, index) => `${index} ${explainOp(op)}`).join('\n');

export function explainOp(op: Op): string {
  const row: OpRow = OPS[op.op];
  const values = op as unknown as Readonly<Record<string, unknown>>;
  const words = Object.entries(row.fields).map(([name, kind]) => `${name}=${show(name, kind, values[name])}`);
  return [op.op, ...words].join(' ');
}

const OCTAL: readonly string[] = ['mode'];

function show(name: string, kind: string, value: unknown): string {
  if (kind === 'bytes') return showBytes(name, value as Uint8Array);
  if (kind === 'u64') return `0x${(value as bigint).toString(16)}`;
  if (OCTAL.includes(name)) return `0${(value as number).toString(8)}`;
  if (kind === 'string') return value === '' ? '""' : String(value);
  return JSON.stringify(value);
}

/** What is written to cgroups is short and worth reading; contents of files may be secrets. */
const showBytes = (name: string, value: Uint8Array): string =>
  name !== 'content' && value.length <= 2
    ? JSON.stringify(Buffer.from(value).toString('utf8'))
    : `<${value.length} bytes>`;
