/** Loads in a thread whose heap has a bound: what grows beyond it ends the thread, and not the test. */
import { parentPort } from 'node:worker_threads';
import { type LoadOptions, renderYaml } from '../src/index.ts';
import { loadFiles } from './support.ts';

/** What is wrong with a load; undefined: nothing. */
export type Verdict = { readonly wrong: string | undefined; readonly ms: number };

/** A file of this name stands for what takes all memory: the bound is seen to hold. */
export const GROWS = 'grows';

parentPort?.on('message', (files: Readonly<Record<string, string>>) => {
  for (const kept: object[] = []; files[GROWS] !== undefined; ) kept.push({ at: { kept: kept.length } });
  const verdicts = [{}, { audit: true, uid: 1000 }].map((options) => judge(files, options));
  const wrong = verdicts.find((each) => each.wrong !== undefined)?.wrong;
  const verdict: Verdict = { wrong, ms: Math.max(...verdicts.map((each) => each.ms)) };
  parentPort?.postMessage(verdict);
});

/** The processor's time of this thread: what others do meanwhile on the machine does not count. */
function judge(files: Readonly<Record<string, string>>, options: LoadOptions): Verdict {
  const begun = process.threadCpuUsage();
  let wrong: string | undefined;
  try {
    wrong = fault(files, options);
  } catch (error) {
    wrong = `it throws ${error instanceof Error ? error.stack : String(error)}`;
  }
  const { user, system } = process.threadCpuUsage(begun);
  return { wrong, ms: (user + system) / 1000 };
}

/** A model that came out is printed; without one there is a problem that says why. */
function fault(files: Readonly<Record<string, string>>, options: LoadOptions): string | undefined {
  const { model, problems, attributes = [] } = loadFiles(files, { options });
  if (model !== undefined) renderYaml(model);
  else if (problems.length === 0) return 'there is neither a model nor a problem';
  if (problems.some(({ message }) => message === '')) return 'a problem says nothing';
  return attributes.every(({ where }) => (where.line ?? 0) > 0) ? undefined : 'an attribute has no place';
}
