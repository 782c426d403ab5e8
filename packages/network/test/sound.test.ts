/** Which networks the rules of one host can hold together. */
import type { AssignedNetwork } from '@orc/model';
import { expect, test } from 'vitest';
import { soundNetworks } from '../src/plan/sound.ts';
import { grown, network } from './networks.ts';

const having = (name: string, ...subnets: readonly [string, string][]): AssignedNetwork => {
  const made = network(name, 1);
  return {
    ...made,
    status: { ...made.status, subnets: subnets.map(([subnet, gateway]) => ({ subnet, gateway })) },
  };
};

test('who comes first has its subnets; the others are refused one by one, and those beside them are not', () => {
  const { sound, refused } = soundNetworks([
    having('first', ['10.98.0.0/24', '10.98.0.1']),
    having('wider', ['10.98.0.0/16', '10.98.0.1']),
    having('beside', ['10.99.0.0/24', '10.99.0.1']),
    having('partly', ['10.100.0.0/24', '10.100.0.1'], ['10.99.0.128/25', '10.99.0.129']),
    having('after', ['10.100.0.0/24', '10.100.0.1']),
    having('itself', ['10.101.0.0/24', '10.101.0.1'], ['10.101.0.0/25', '10.101.0.2']),
    grown(network('large', 9)),
  ]);
  expect(sound.map((each) => each.name)).toEqual(['first', 'beside', 'after', 'large']);
  expect(refused.map((each) => each.message)).toEqual([
    'network wider cannot be made on this host: its subnet 10.98.0.0/16 overlaps with that of network first',
    'network partly cannot be made on this host: its subnet 10.99.0.128/25 overlaps with that of network beside',
    'network itself cannot be made on this host: its subnet 10.101.0.0/25 overlaps with that of network itself',
  ]);
});

test.each([
  ['0.0.0.0/0', '0.0.0.1', /no host has an address/],
  ['127.0.0.0/24', '127.0.0.1', /loopback/],
  ['fd00::/64', 'fd00::1', /no subnet of IPv4/],
  ['10.9.0.0/24', '10.8.0.1', /gateway 10\.8\.0\.1 is not in its subnet/],
  ['10.9.0.0/24', 'here', /gateway here is not/],
])('%s with the gateway %s', (subnet, gateway, why) => {
  const { sound, refused } = soundNetworks([having('n', [subnet, gateway])]);
  expect(sound).toEqual([]);
  expect(refused[0]?.message).toMatch(why);
});
