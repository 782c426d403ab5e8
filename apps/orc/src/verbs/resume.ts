/** A foreground container is heard on when another daemon took the place of its own: from its log, where that left off. */
import type { Client, Duplex, StreamChunk } from '@orc/api/client';
import { type Exit, fail, OrcError } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { isGone, untilBack } from '../cli/reconnect.ts';

export type Session = {
  readonly id: string;
  /** Also its input. */
  readonly stdin: boolean;
  /** Wall time, milliseconds: since then it was heard whole, and its log has the same. Absent: it was joined later. */
  readonly sinceMs?: number;
  readonly shown: { readonly stdout: boolean; readonly stderr: boolean };
  readonly join: (duplex: Duplex) => Promise<'ended' | 'detached'>;
  readonly exit: Promise<Exit>;
  readonly signal: AbortSignal;
};

/** How it ended; undefined: the user left it. */
export async function hearOut(
  context: Context,
  client: Client,
  session: Session,
  first: Duplex,
): Promise<Exit | undefined> {
  const { id, stdin, signal } = session;
  const heard = { stdout: 0, stderr: 0 };
  let { exit } = session;
  let duplex = first;
  for (;;) {
    try {
      if ((await session.join(counted(duplex, heard))) === 'detached') return undefined;
      return await exit;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await untilBack(context, client, goesOn(id));
    exit = client
      .waitContainer(id, 'not-running', signal)
      .catch((error: unknown) =>
        isRemoved(error) ? exitOfRemoved(context, client, id) : Promise.reject(error),
      );
    exit.catch(() => undefined);
    const reads = stdin && context.io.stdin.readableEnded !== true;
    duplex = await attachAgain(client, { ...session, stdin: reads }, heard);
  }
}

const goesOn = (id: string): { readonly goesOn: string; readonly hint: string } => ({
  goesOn: 'and the container goes on without it',
  hint: `join it with "orc container attach ${short(id)}", or see "orc container logs -f ${short(id)}"`,
});

const SHORT_ID = 12;
const short = (id: string): string => id.slice(0, SHORT_ID);

type Heard = { stdout: number; stderr: number };

function counted(duplex: Duplex, heard: Heard): Duplex {
  async function* output(): AsyncGenerator<StreamChunk> {
    for await (const chunk of duplex.output) {
      heard[chunk.stream] += chunk.data.length;
      yield chunk;
    }
  }
  return { ...duplex, output: output() };
}

/** What was joined late goes on with what it says from now on: what it said meanwhile cannot be told from the rest. */
async function attachAgain(
  client: Client,
  { id, stdin, sinceMs, shown }: Pick<Session, 'id' | 'stdin' | 'sinceMs' | 'shown'>,
  heard: Heard,
): Promise<Duplex> {
  const container = await client.getContainer(id).catch(ifRemoved);
  const runs = container?.status === 'running';
  const over = new AbortController();
  const late = sinceMs === undefined || container?.spec.logging?.driver === 'none';
  const streams = late ? shown : { stdout: false, stderr: false };
  const joined =
    runs && (late || stdin) ? await client.attachContainer(id, { stdin, ...streams }) : undefined;
  const logs = (): AsyncIterable<StreamChunk> =>
    client.containerLogs(id, { follow: true, ...(sinceMs === undefined ? {} : { sinceMs }) }, over.signal);
  return {
    output: late ? (joined?.output ?? nothing()) : unheard(logs(), heard),
    write: async (data) => joined?.write(data),
    closeStdin: () => joined?.closeStdin(),
    close: () => {
      over.abort();
      joined?.close();
    },
  };
}

async function* nothing(): AsyncGenerator<StreamChunk> {}

/** Without what was heard already. */
export async function* unheard(
  chunks: AsyncIterable<StreamChunk>,
  heard: Readonly<Heard>,
): AsyncGenerator<StreamChunk> {
  const left = { ...heard };
  try {
    for await (const { stream, data } of chunks) {
      const known = Math.min(left[stream], data.length);
      left[stream] -= known;
      if (known < data.length) yield { stream, data: data.subarray(known) };
    }
  } catch (error) {
    ifRemoved(error);
  }
}

const isRemoved = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'notfound.container';

function ifRemoved(error: unknown): undefined {
  if (isRemoved(error)) return undefined;
  throw error;
}

/** `--rm`: only the daemon that settled its end can tell of it. */
async function exitOfRemoved({ io }: Context, client: Client, id: string): Promise<Exit> {
  const filters = { type: ['container'], event: ['die'], container: [id] };
  const query = { sinceMs: 0, untilMs: io.now(), filters };
  for await (const { time, actor } of client.events(query, new AbortController().signal)) {
    const { exitCode } = actor.attributes;
    if (exitCode !== undefined) return { code: Number(exitCode), oomKilled: false, at: time, reason: 'exit' };
  }
  throw fail(
    'notfound.container',
    `the container ${short(id)} has ended and was removed (--rm) while no daemon was there: how, is not known`,
    { hint: 'leave --rm out, and look at "orc container inspect" afterwards' },
  );
}
