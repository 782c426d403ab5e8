/** Imports, tags, removes and collects for as long as it lives; says what was acknowledged, a line each. */
import { openImageStore } from '../../../src/index.ts';
import { encodeHeader, entryOf, padding, trailer } from '../../../src/tar/writer.ts';
import { bytes, storeOptions } from './store.ts';

const [root = '', first = '0'] = process.argv.slice(2);
const store = await openImageStore(storeOptions(root));
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
for (let round = Number(first); ; round += 1) {
  const data = Buffer.from(`content ${round} `.repeat(5000));
  const header = encodeHeader(entryOf({ path: 'etc/motd', type: 'file', size: data.length }));
  const archive = Buffer.concat([header, data, padding(data.length), trailer()]);
  const id = await store.import(bytes(archive), { reference: `app:${round}` });
  say(`image ${round} ${id}`);
  await store.lease(`holder-${round}`, id);
  say(`lease ${round} ${id}`);
  if (round % 3 !== 2 || round === Number(first)) continue;
  say(`going ${round - 1} x`);
  await store.release(`holder-${round - 1}`);
  await store.remove(`app:${round - 1}`, { force: true });
  say(`gone ${round - 1} x`);
}
