/** A client that runs programs in standing containers and reads and follows their logs. */
import type { Client } from '@orc/api/client';
import { countOf } from './counting.ts';
import { execIn } from './engine.ts';
import type { Fleet } from './fleet.ts';
import { pickOf, traced, type Worker, workOn } from './workload.ts';

const FOLLOWED_MS = 250;

/** What it heard before the daemon died must be whole, and an exec that was answered must have been right. */
export function readerWorker({ ids, counters }: Fleet, random: () => number): Worker {
  const trace: string[] = [];
  const wrong: string[] = [];
  const works = {
    exec: async (client: Client, id: string): Promise<void> => {
      const text = String(random());
      const { code, stdout } = await execIn(client, id, ['sh', '-c', `echo ${text}; exit 7`]);
      if (code !== 7 || stdout !== `${text}\n`)
        wrong.push(`exec in ${id} said ${stdout} and ended with ${code}`);
    },
    read: (client: Client, id: string): Promise<void> => listen(client, id, false, wrong),
    follow: (client: Client, id: string): Promise<void> => listen(client, id, true, wrong),
  };
  const step = async (client: Client): Promise<void> => {
    const kind = pickOf(random, Object.keys(works) as (keyof typeof works)[]);
    const id = pickOf(random, kind === 'exec' ? ids : counters);
    await traced(trace, `${kind} ${id.slice(0, 12)}`, works[kind](client, id));
  };
  return {
    trace,
    run: (client, signal) => workOn(() => step(client), signal),
    check: async () => wrong.splice(0),
    clear: async () => {},
  };
}

/** Rejects when the daemon goes away, after it has looked at what came. */
async function listen(client: Client, id: string, follow: boolean, wrong: string[]): Promise<void> {
  const over = new AbortController();
  const timer = follow ? setTimeout(() => over.abort(), FOLLOWED_MS) : undefined;
  let text = '';
  try {
    const query = { stdout: true, stderr: true, follow };
    for await (const { data } of client.containerLogs(id, query, over.signal))
      text += Buffer.from(data).toString('utf8');
  } finally {
    clearTimeout(timer);
    if (text !== '') wrong.push(...countOf(text).wrong.map((line) => `${id.slice(0, 12)}: ${line}`));
  }
}
