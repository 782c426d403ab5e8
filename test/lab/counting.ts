/** Programs that count: a gap or a line that comes twice shows in their log. */
import type { Client } from '@orc/api/client';
import { forever, logsOf, sh } from './engine.ts';

/** Says 1, 2, 3 … one a line, and ends with `code` when it is told to. */
export const countingScript = (code: number): string =>
  `trap "exit ${code}" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done`;

export const counting = (code: number): ReturnType<typeof sh> => sh(countingScript(code));

export type Counted = { readonly wrong: readonly string[]; readonly last: number };

/** The whole log. `from`: what the first line must be. */
export async function readCount(client: Client, id: string, from = 1): Promise<Counted> {
  return countOf((await logsOf(client, id)).stdout, from);
}

export function countOf(text: string, from = 1): Counted {
  const wrong: string[] = [];
  let due = from;
  for (const line of text.split('\n').slice(0, -1)) {
    if (Number(line) !== due) wrong.push(`its log has ${line} where ${due} was due`);
    due = Number(line) + 1;
  }
  return { wrong: due === from ? ['it said nothing'] : wrong, last: due - 1 };
}

/** The last that it said. */
export async function lastCount(client: Client, id: string): Promise<number> {
  let text = '';
  const query = { stdout: true, stderr: true, tail: 1 };
  for await (const { data } of client.containerLogs(id, query, forever()))
    text += Buffer.from(data).toString('utf8');
  return Number(text.trim());
}

/** The numbers that are missing or come twice in what it said. */
export const gaps = async (client: Client, id: string): Promise<readonly string[]> =>
  (await readCount(client, id)).wrong;
