/** What others do to the rule set is mended whatever becomes of the program that tells of it. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { renderTable } from '../../src/plan/nft.ts';
import type { NetworkHost } from '../../src/types.ts';
import { grown, network } from '../networks.ts';
import { eventually, insideNamespaces } from './inside.ts';
import type { Peer } from './peer.ts';
import { begin, end, standing } from './standing.ts';
import { INSTANCE, sh, startBox, stopBox, tcp, udp, type Host } from './world.ts';

/** Of this process. */
const watchers = (): number[] =>
  sh(`ps -o pid=,args= --ppid ${process.pid}`)
    .split('\n')
    .filter((line) => line.endsWith('watch-rules'))
    .map((line) => Number.parseInt(line, 10));
const hasTable = (): boolean => sh('nft list tables').includes(`inet ${INSTANCE}\n`);

/** The table of another instance. */
function loadBeside(count: number, turn: number): void {
  const bridges = Array.from({ length: count }, (_, at) => ({
    bridge: `orc-bbbbbb-${at}`,
    extensions: [],
    internal: at === 1,
    masquerade: true,
    subnets: [`10.${at + 20}.0.0/24`, `10.${at + 30}.0.0/24`],
    gateways: [`10.${at + 20}.0.1`],
  }));
  const port = { hostPort: 9000 + turn, address: '10.20.0.9', containerPort: 80 };
  const ports = [
    { ...port, protocol: 'tcp' as const },
    { ...port, protocol: 'udp' as const, hostIp: '127.0.0.1' },
  ];
  const input = renderTable('orc-bbbbbb', { bridges, ports, dnsPort: 61053, guarded: turn % 2 === 0 });
  execFileSync('nft', ['-f', '-'], { input });
}

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  beforeAll(async () => {
    ({ host, net, self } = await begin());
  });
  afterAll(() => end({ host, net, self }));

  test('it survives whatever tables of ours go through', async () => {
    await eventually(() => watchers().length === 1);
    const [pid] = watchers();
    const box = await startBox(host, net, ['shop_default']);
    const many = Array.from({ length: 8 }, (_, at) =>
      network(`more-${at}`, 30 + at, { internal: at % 2 === 0 }),
    );
    for (let turn = 0; turn < 20; turn += 1) {
      await net.publish(box.id, box.endpoints, [tcp(8000 + turn, 80), udp(8000 + turn, 80)]);
      const wide = many.slice(turn % 5).map((each, at) => (at % 3 === turn % 3 ? grown(each) : each));
      await net.networks([...standing, ...wide]);
      for (const count of [3, 1]) loadBeside(count, turn);
      if (turn % 10 === 9) sh('nft flush ruleset');
    }
    await eventually(hasTable);
    await net.networks(standing);
    await stopBox(net, box);
    expect(watchers()).toEqual([pid]);
  }, 60_000);

  test('ended, it is begun again, and what happened meanwhile is found', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await eventually(() => watchers().length === 1, 10_000);
      const [pid = 0] = watchers();
      // As a change of somebody else does it: the check that this calls for is under way.
      sh('nft add table inet foreign; nft delete table inet foreign');
      process.kill(pid, 'SIGSEGV');
      sh('nft flush ruleset');
      await eventually(hasTable);
      await eventually(() => watchers().length === 1 && !watchers().includes(pid), 10_000);
    }
    expect(LIMITS.ruleWatchRetryMs * 2 ** 4).toBeLessThan(LIMITS.firewallCheckMs);
  }, 60_000);
});
