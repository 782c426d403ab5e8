/** What DNS answers: a pure decision from the question, who asks, and the names that run now (DECISIONS 28). */
import type { ContainerId, NameRecord } from '@orc/model';

/** Names of one network, in lower case, to addresses; `reverse` is its inverse. */
type NetworkNames = {
  readonly forward: Map<string, string[]>;
  readonly reverse: Map<string, string>;
};
export type NameTable = ReadonlyMap<string, NetworkNames>;

/** No name leads to a `hidden` address. */
export function nameTable(records: Iterable<NameRecord>, hidden: ReadonlySet<string> = new Set()): NameTable {
  const table = new Map<string, NetworkNames>();
  for (const each of records) {
    const record = { ...each, addresses: each.addresses.filter((address) => !hidden.has(address)) };
    if (record.addresses.length === 0 && each.addresses.length > 0) continue;
    const names = table.get(record.network) ?? { forward: new Map(), reverse: new Map() };
    table.set(record.network, names);
    const key = record.name.toLowerCase();
    const known = names.forward.get(key) ?? [];
    names.forward.set(key, [...known, ...record.addresses.filter((each) => !known.includes(each))]);
    for (const address of record.addresses) {
      if (!names.reverse.has(address)) names.reverse.set(address, `${record.name}.${record.network}`);
    }
  }
  return table;
}

export type Asker = {
  readonly container?: ContainerId;
  readonly networks: readonly string[];
  /** It has a network that leads outside. */
  readonly external: boolean;
};
export type Question = { readonly name: string; readonly type: string };
export type Answer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'pointer'; readonly name: string }
  /** The name exists, and has nothing of this type. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'forward' };

/** `turn` rotates the addresses, so that successive clients begin with different ones. */
export function answer(table: NameTable, asker: Asker, question: Question, turn: number): Answer {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const unknown: Answer = asker.external ? { kind: 'forward' } : { kind: 'nxdomain' };
  if (question.type === 'PTR') return pointer(table, asker, name) ?? unknown;
  const found = addressesOf(table, asker, name) ?? tasksOf(table, asker, name);
  if (found === undefined) return unknown;
  const family = found.filter((each) => each.includes(':') === (question.type === 'AAAA'));
  if ((question.type !== 'A' && question.type !== 'AAAA') || family.length === 0) return { kind: 'empty' };
  return { kind: 'addresses', addresses: rotate(family, turn) };
}

function addressesOf(table: NameTable, asker: Asker, name: string): readonly string[] | undefined {
  const forms = asker.networks.flatMap((network) =>
    formsOf(name, network).map((form) => ({ network, form })),
  );
  const found = forms.flatMap(({ network, form }) => {
    const addresses = table.get(network)?.forward.get(form);
    return addresses === undefined ? [] : [addresses];
  });
  return found.length === 0 ? undefined : [...new Set(found.flat())];
}

/** `tasks.web` is what `web` is, where nothing else was said about it. */
const tasksOf = (table: NameTable, asker: Asker, name: string): readonly string[] | undefined =>
  name.startsWith('tasks.') ? addressesOf(table, asker, name.slice('tasks.'.length)) : undefined;

/** `web` and `web.shop_default`. */
function formsOf(name: string, network: string): string[] {
  const suffix = `.${network.toLowerCase()}`;
  return name.endsWith(suffix) ? [name, name.slice(0, -suffix.length)] : [name];
}

function pointer(table: NameTable, asker: Asker, name: string): Answer | undefined {
  const labels = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (labels === null) return undefined;
  const address = labels.slice(1).toReversed().join('.');
  for (const network of asker.networks) {
    const found = table.get(network)?.reverse.get(address);
    if (found !== undefined) return { kind: 'pointer', name: found };
  }
  return undefined;
}

function rotate(addresses: readonly string[], turn: number): readonly string[] {
  const by = turn % addresses.length;
  return [...addresses.slice(by), ...addresses.slice(0, by)];
}
