/** Subnets of networks, on the real kernel: what is refused before anything is made, and what is given out of them. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type ComposeLab, startComposeLab } from '../../lab/project.ts';

let lab: ComposeLab;
beforeAll(async () => {
  lab = await startComposeLab();
});
afterAll(() => lab?.close());

const IDLE = 'image: busybox, init: true, command: sleep 1000';
const addressOf = (line: string): string => /inet (\S+)/.exec(line)?.[1] ?? line;

test('two that overlap are refused at their place in the file, and stop nobody else', () => {
  const file = `services:
  a: {${IDLE}, networks: [x, y]}
networks:
  x: {ipam: {config: [{subnet: 10.214.98.0/24}]}}
  y: {ipam: {config: [{subnet: 10.214.0.0/16}]}}
`;
  const bad = lab.project('overlap', file);
  const { code, stderr } = bad.orc(['up', '-d']);
  expect(code).not.toBe(0);
  expect(stderr).toContain(
    'compose.yaml:5:32: networks.y: the subnet 10.214.0.0/16 overlaps with 10.214.98.0/24 of the network x',
  );
  expect(bad.ok(['network', 'ls', '--format', '{{.Name}}'])).not.toContain('overlap');
  const published = ['-p', '127.0.0.1::80'];
  expect(bad.ok(['container', 'run', '--rm', ...published, 'busybox', 'echo', 'up'])).toBe('up\n');
});

test('neither a part of the network that the host has of its own, nor what can be no subnet', () => {
  const project = lab.project('create', '');
  const [own] = JSON.parse(project.ok(['network', 'inspect', 'bridge'])) as [
    { readonly IPAM: { readonly Config: readonly [{ readonly Gateway: string }] } },
  ];
  const inside = own.IPAM.Config[0].Gateway.replace(/\d+$/, '0/24');
  for (const [subnet, why] of [
    [inside, 'overlaps with network bridge of this host'],
    ['0.0.0.0/0', 'no host has an address'],
    ['127.0.0.0/24', 'loopback'],
    ['224.0.0.0/24', 'multicast'],
    ['10.214.1.0/32', '/30 is the smallest'],
  ] as const) {
    const { code, stderr } = project.orc(['network', 'create', '--subnet', subnet, 'none-such']);
    expect(code, subnet).not.toBe(0);
    expect(stderr).toContain(why);
  }
  expect(project.ok(['network', 'ls', '--format', '{{.Name}}'])).not.toContain('none-such');
});

test('what a route of the host leads to is warned of, and taken as it was meant', () => {
  // Of a bridge beside the instance, as other programs have theirs; a dry run makes nothing that would be in its way.
  const link = `k${process.pid}`;
  const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
  onTestFinished(() => void ip('link', 'del', link));
  ip('link', 'add', link, 'type', 'bridge');
  ip('addr', 'add', '10.214.95.1/24', 'dev', link);
  ip('link', 'set', link, 'up');
  const project = lab.project(
    'routed',
    `services:
  a: {${IDLE}, networks: [n]}
networks:
  n: {ipam: {config: [{subnet: 10.214.95.0/25}]}}
`,
  );
  const { code, stderr } = project.orc(['up', '-d', '--dry-run']);
  expect(code).toBe(0);
  expect(stderr).toContain(
    'the subnet 10.214.95.0/25 of network routed_n overlaps with the route to 10.214.95.0/24 of this host',
  );
});

test('ip_range: addresses come out of it, and inspect tells it', async () => {
  const project = lab.project(
    'range',
    `services:
  a: {${IDLE}, networks: [n]}
networks:
  n: {ipam: {config: [{subnet: 10.214.97.0/24, ip_range: 10.214.97.128/25}]}}
`,
  );
  project.ok(['up', '-d']);
  expect(addressOf(await project.sh('a', 'ip -o -4 addr show eth0'))).toBe('10.214.97.128/24');
  const [told] = JSON.parse(project.ok(['network', 'inspect', 'range_n'])) as [{ readonly IPAM: object }];
  expect(told.IPAM).toMatchObject({
    Config: [{ Subnet: '10.214.97.0/24', IPRange: '10.214.97.128/25', Gateway: '10.214.97.1' }],
  });
  project.ok(['down']);
});

test('a network of four addresses holds one container, of a service or without', async () => {
  const project = lab.project(
    'small',
    `services:
  a: {${IDLE}, networks: [n]}
networks:
  n: {ipam: {config: [{subnet: 10.214.96.0/30}]}}
`,
  );
  project.ok(['up', '-d']);
  expect(addressOf(await project.sh('a', 'ip -o -4 addr show eth0'))).toBe('10.214.96.2/30');
  project.ok(['down']);
  project.ok(['network', 'create', '--subnet', '10.214.96.4/30', 'four']);
  const shown = project.ok([
    'container',
    'run',
    '--rm',
    '--network',
    'four',
    'busybox',
    'ip',
    '-o',
    '-4',
    'addr',
    'show',
    'eth0',
  ]);
  expect(addressOf(shown)).toBe('10.214.96.6/30');
  project.ok(['network', 'rm', 'four']);
});
