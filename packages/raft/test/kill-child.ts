/** Proposes numbers and says which were acknowledged, until the failpoint that it is told kills it. */
import { writeSync } from 'node:fs';
import { bytesOf, entry, openApp, snapshot } from './app.ts';

const [folder = '', point = '', times = '1'] = process.argv.slice(2);
let left = Number(times);
const app = await openApp({
  folder,
  segmentBytes: 16 * 1024,
  failpoint: (name) => {
    writeSync(2, `${name}\n`);
    if (name !== point) return;
    left -= 1;
    if (left <= 0) process.kill(process.pid, 'SIGKILL');
  },
});
for (let number = app.applied.length; number < 60; number += 1) {
  await app.log.propose(bytesOf(entry(number, 900)));
  writeSync(1, `${number}\n`);
  if (number % 10 === 9) await snapshot(app);
}
await app.log.close();
