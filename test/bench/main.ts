/** Runs the rows one after the other on one orc and one dockerd, so that their figures may be compared. */
import { startInstance } from '../lab/instance.ts';
import { openFigures } from './figures.ts';
import { dockerIsInstalled, startDocker } from './peers/docker.ts';
import { type Bench, ROWS } from './rows/index.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => ROWS[name] === undefined);
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}; there are ${Object.keys(ROWS).join(', ')}`);
  process.exit(2);
}
process.env['ORC_TEST_BUNDLE'] = '1';
const figures = openFigures((line) => console.log(line));
const orc = await startInstance();
const docker = dockerIsInstalled() ? await startDocker() : undefined;
if (docker === undefined) figures.note('docker is not installed: ratios to it are left out');
try {
  for await (const _ of orc.client.bootstrapImage('busybox', new AbortController().signal));
  const bench: Bench = { orc, docker, figures };
  for (const name of wanted.length > 0 ? wanted : Object.keys(ROWS)) await ROWS[name]?.(bench);
} finally {
  await docker?.stop();
  await orc.purge();
}
const missed = figures.missed();
console.log(missed.length === 0 ? '# every goal reached' : `# missed: ${missed.join(', ')}`);
