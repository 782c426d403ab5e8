/** More containers on the node-local network than one bridge has ports, and what a start costs among them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NetworkHost } from '../../src/types.ts';
import { insideNamespaces } from './inside.ts';
import { makeHost, newId, sh, startBox, stopBox, type Host } from './world.ts';

const COUNT = 1100;

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  beforeAll(async () => {
    host = makeHost();
    net = await host.open();
    await net.recover([]);
  });
  afterAll(async () => {
    await net.shutdown();
    await host.close();
  });

  test(`${COUNT} containers share a network over two bridges`, { timeout: 240_000 }, async () => {
    const first = await startBox(host, net, ['bridge']);
    const begun = performance.now();
    const ids = Array.from({ length: COUNT - 2 }, () => newId());
    for (const container of ids) {
      const endpoints = [net.allocate(container, 'bridge')];
      const { ops } = await net.sandbox({ container, hostname: 'h', name: 'n', endpoints });
      await host.kernel.run(ops);
      await net.attached(container);
    }
    console.log(`${((performance.now() - begun) / ids.length).toFixed(2)} ms a sandbox, of ${COUNT}`);
    const last = await startBox(host, net, ['bridge']);
    await last.peer.call('serveTcp', { port: 80, say: 'far' });
    expect(await first.peer.call('askTcp', { host: last.ip, port: 80 })).toBe(`far ${first.ip}`);
    expect(sh('ip -br link show type bridge').trim().split('\n')).toHaveLength(2);
    for (const box of [first, last]) await stopBox(net, box);
    const released = performance.now();
    await Promise.all(ids.map((id) => net.release(id)));
    console.log(`${ids.length} released in ${(performance.now() - released).toFixed(0)} ms`);
  });
});
