/** What the parts of a start and of a removal cost (DECISIONS 40), on a daemon of its own that writes them down. */
import { startInstance } from '../../lab/instance.ts';
import { type Figures, median } from '../figures.ts';
import type { Row } from './index.ts';

const ROUNDS = 100;
const WARM = 20;

export const trace: Row = async ({ figures }) => {
  const orc = await startInstance({ env: { ORC_LOG_LEVEL: 'debug' } });
  const requests: Parts = new Map();
  try {
    for await (const _ of orc.client.bootstrapImage('busybox', new AbortController().signal));
    for (let round = 0; round < ROUNDS; round += 1) {
      const lap = stopwatch(round < WARM ? new Map() : requests);
      const { id } = await orc.client.createContainer({ spec: { image: 'busybox', command: ['true'] } });
      lap('create');
      const ended = orc.client.waitContainer(id, 'next-exit', new AbortController().signal);
      await orc.client.startContainer(id);
      lap('start');
      await ended;
      lap('exit');
      await orc.client.removeContainer(id, {});
      lap('remove');
    }
    print(figures, 'trace.request', requests);
    for (const what of ['started', 'removed']) print(figures, `trace.${what}`, partsOf(orc.log(), what));
  } finally {
    await orc.purge();
  }
};

/** Milliseconds of each round, by part. */
type Parts = Map<string, number[]>;

function stopwatch(parts: Parts): (name: string) => void {
  let last = performance.now();
  return (name) => {
    const now = performance.now();
    parts.set(name, [...(parts.get(name) ?? []), now - last]);
    last = now;
  };
}

/** The numbers of the daemon's lines about `what`. */
function partsOf(log: string, what: string): Parts {
  const parts: Parts = new Map();
  const lines = log.split('\n').filter((line) => line.endsWith(`"msg":"${what}"}`));
  for (const line of lines.slice(WARM))
    for (const [name, value] of Object.entries(JSON.parse(line) as Record<string, unknown>))
      if (typeof value === 'number' && name !== 'level') parts.set(name, [...(parts.get(name) ?? []), value]);
  return parts;
}

function print(figures: Figures, prefix: string, parts: Parts): void {
  for (const [name, values] of parts) figures.print(`${prefix}.${name}`, median(values), 'ms');
}
