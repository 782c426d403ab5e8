/** Programs that were started in running containers, by id; ended ones are kept for a while, then forgotten. */
import { defined, fail, type Random } from '@orc/model';
import type { Attachment, Exec, ExecRequest, Running, TerminalSize } from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import type { ExecHandle } from '../types.ts';

export type Execs = {
  /** `tell`: what the event stream says of it, as docker does. */
  create(running: Running, request: ExecRequest, tell: Tell): ExecHandle;
  get(id: string): ExecHandle;
};

type Tell = (action: string, attributes: Readonly<Record<string, string>>) => void;

const ID_BYTES = 32;

export function openExecs(random: Random): Execs {
  const all = new Map<string, ExecHandle>();
  const unstarted = new Set<string>();
  const ended: string[] = [];
  const forget = (id: string): void => {
    ended.push(id);
    if (ended.length > LIMITS.execsKept) all.delete(ended.shift() as string);
  };
  /** The oldest: whoever made it has had the most time to start it. */
  const forgetUnstarted = (): void => {
    const [oldest] = unstarted;
    if (oldest === undefined) return;
    unstarted.delete(oldest);
    all.delete(oldest);
  };
  return {
    create(running, request, tell) {
      if (all.size >= LIMITS.execsMax) forgetUnstarted();
      if (all.size >= LIMITS.execsMax)
        throw fail('conflict.state', `more than ${LIMITS.execsMax} execs on this host`, { retry: true });
      const words = request.argv.join(' ');
      const id = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
      const handle = openExec(id, running, request, {
        begun: () => {
          unstarted.delete(id);
          tell(`exec_start: ${words}`, { execID: id });
        },
        over: (exitCode) => {
          forget(id);
          tell('exec_die', { execID: id, exitCode: String(exitCode) });
        },
      });
      all.set(id, handle);
      unstarted.add(id);
      tell(`exec_create: ${words}`, { execID: id });
      return handle;
    },
    get(id) {
      const handle = all.get(id);
      if (handle === undefined) throw fail('notfound.exec', `no such exec: ${id}`);
      return handle;
    },
  };
}

type Course = { begun(): void; over(exitCode: number): void };

/** As docker has it for what could not be executed. */
const NOT_EXECUTED = 126;

function openExec(id: string, running: Running, request: ExecRequest, { begun, over }: Course): ExecHandle {
  let wasStarted = false;
  let exec: Exec | undefined;
  let exitCode: number | undefined;
  let terminal: TerminalSize | undefined;
  return {
    id,
    container: running.id,
    request,
    state: () => ({
      running: exec !== undefined && exitCode === undefined,
      ...(exec === undefined ? {} : { pid: exec.pid }),
      ...(exitCode === undefined ? {} : { exitCode }),
    }),
    async start(): Promise<Attachment> {
      if (wasStarted) throw fail('conflict.state', `exec ${id.slice(0, 12)} was started already`);
      wasStarted = true;
      begun();
      exec = await running.exec({ ...request, ...defined({ terminal }) }).catch((error: unknown) => {
        over(NOT_EXECUTED);
        throw error;
      });
      void exec.exited.then(({ code }) => {
        exitCode = code;
        over(code);
      });
      return seenThrough(exec);
    },
    /** Before its start: from then on. */
    async resize(columns, rows) {
      terminal = { columns, rows };
      await exec?.resize(columns, rows);
    },
  };
}

/**
 * Output ends once the exit code is known, so that whoever saw the end may ask for it. A client that goes away takes
 * nothing with it: the program runs on, and how it ended is known.
 */
function seenThrough({ attachment, exited }: Exec): Attachment {
  let left = false;
  return {
    ...attachment,
    output: {
      async *[Symbol.asyncIterator]() {
        for await (const chunk of attachment.output) if (!left) yield chunk;
        await exited;
      },
    },
    close() {
      left = true;
      attachment.closeStdin();
    },
  };
}
