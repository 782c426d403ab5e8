/**
 * What a restarted daemon has to know of its sandboxes, below `<run>/net`. Nothing here outlives a boot, so nothing is
 * synced; a file that cannot be read is an unknown sandbox, and is swept.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '@orc/disk';
import type { AssignedNetwork, ContainerId, Endpoint, PortBinding } from '@orc/model';
import type { Cable } from '../plan/netplan.ts';

export type SandboxRecord = {
  readonly schema: 1;
  readonly container: ContainerId;
  readonly namespace: string;
  readonly cables: readonly { readonly network: string; readonly cable: Cable; readonly bridge: string }[];
  readonly endpoints: readonly Endpoint[];
  readonly dns?: readonly string[];
  readonly published: readonly PortBinding[];
};

export type Records = {
  readonly put: (record: SandboxRecord) => void;
  readonly remove: (container: ContainerId) => void;
  readonly all: () => SandboxRecord[];
  readonly putNetworks: (networks: readonly AssignedNetwork[]) => void;
  readonly networks: () => readonly AssignedNetwork[];
  /** The boot in which forwarding was switched on by us. */
  readonly forwarding: () => string | undefined;
  readonly putForwarding: (boot: string) => void;
  readonly clear: () => void;
};

export function openRecords(run: string): Records {
  const folder = join(run, 'net', 'sandboxes');
  const networksFile = join(run, 'net', 'networks.json');
  const forwardingFile = join(run, 'net', 'forwarding.json');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (container: ContainerId): string => join(folder, `${container}.json`);
  return {
    put: (record) => putJson(fileOf(record.container), record),
    remove: (container) => unlinkIfThere(fileOf(container)),
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => readJson<SandboxRecord>(join(folder, name)))
        .filter((record) => record?.schema === 1)
        .map((record) => record as SandboxRecord),
    putNetworks: (networks) => putJson(networksFile, { schema: 1, networks }),
    networks: () => readJson<{ networks: readonly AssignedNetwork[] }>(networksFile)?.networks ?? [],
    forwarding: () => readJson<{ boot: string }>(forwardingFile)?.boot,
    putForwarding: (boot) => putJson(forwardingFile, { schema: 1, boot }),
    clear: () => rmSync(join(run, 'net'), { recursive: true, force: true }),
  };
}

/** `rmSync` looks twice at what it removes. */
function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The subnet of the default network stays the same over reboots; absent or damaged, it is chosen again. */
export const defaultSubnetFile = (
  root: string,
): { read: () => string | undefined; write: (subnet: string) => void } => ({
  read: () => readJson<{ subnet: string }>(join(root, 'network.json'))?.subnet,
  write: (subnet) => {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    putJson(join(root, 'network.json'), { schema: 1, subnet });
  },
});

export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

const putJson = (file: string, value: unknown): void => replaceFile(file, JSON.stringify(value));
