/** Who has which address on this host. */
import type { ContainerId, Endpoint } from '@orc/model';
import { parseIpv4 } from '@orc/model';
import { allocateEndpoint, rangesOf, type AddressBook, type Wish } from '../plan/addresses.ts';
import { askerOf, type Sighting } from '../plan/directory.ts';
import type { Asker } from '../plan/names.ts';
import { unknownNetwork, type Bridges } from './bridges.ts';

export type Addresses = {
  readonly allocate: (container: ContainerId, network: string, wish: Wish) => Endpoint;
  /** Addresses chosen elsewhere, or by an earlier daemon; all that this container has. */
  readonly reserve: (container: ContainerId, endpoints: readonly Endpoint[]) => void;
  readonly release: (container: ContainerId) => void;
  /** Who has an address of it, also while it only begins. */
  readonly holders: (network: string) => readonly ContainerId[];
  readonly asker: (source: string) => Asker | undefined;
};

export function openAddresses(bridges: Bridges, local: string, node: string | undefined): Addresses {
  const books = new Map<string, AddressBook>();
  const given = new Map<ContainerId, Endpoint[]>();
  const sightings = new Map<string, Sighting>();

  const bookOf = (network: string): AddressBook => {
    const book = books.get(network) ?? { owners: new Map(), cursor: 0 };
    books.set(network, book);
    return book;
  };
  const note = (container: ContainerId, endpoints: readonly Endpoint[]): void => {
    given.set(container, [...endpoints]);
    for (const each of endpoints) {
      if (each.ipv4 === undefined) continue;
      bookOf(each.network).owners.set(parseIpv4(each.ipv4) ?? 0, container);
      sightings.set(each.ipv4, { container, endpoints });
    }
  };
  const release = (container: ContainerId): void => {
    for (const each of given.get(container) ?? []) {
      const owners = bookOf(each.network).owners;
      const address = parseIpv4(each.ipv4 ?? '') ?? 0;
      if (owners.get(address) === container) owners.delete(address);
      if (sightings.get(each.ipv4 ?? '')?.container === container) sightings.delete(each.ipv4 ?? '');
    }
    given.delete(container);
  };

  return {
    allocate: (container, name, wish) => {
      const before = given.get(container) ?? [];
      const known = before.find((each) => each.network === name);
      if (known !== undefined && (wish.wanted ?? known.ipv4) === known.ipv4) return known;
      const network = bridges.get(name);
      if (network === undefined) throw unknownNetwork(name);
      const endpoint = allocateEndpoint(
        network,
        rangesOf(network, name === local, node),
        bookOf(name),
        container,
        wish,
      );
      const numbered = { ...endpoint, interface: `eth${before.length}` };
      note(container, [...before, numbered]);
      return numbered;
    },
    reserve: (container, endpoints) => {
      const before = given.get(container) ?? [];
      const kept = before.filter((each) => !endpoints.some((end) => end.network === each.network));
      note(container, [...kept, ...endpoints]);
    },
    release,
    holders: (network) =>
      [...given].flatMap(([container, ends]) =>
        ends.some((each) => each.network === network) ? [container] : [],
      ),
    asker: (source) => askerOf(source, sightings, bridges.all()),
  };
}
