/** Whose namespaces a container has: docker names them by their ids, whatever was written. */
import type { Client } from '@orc/api/client';
import { type Container, type NamespaceMode, type NetworkMode, OrcError } from '@orc/model';

type Mode = NamespaceMode | NetworkMode;

/** Ids of the containers that its modes name, by `container:web` and `service:web`. Those that are gone are left out. */
export async function joinedBy(client: Client, container: Container): Promise<ReadonlyMap<string, string>> {
  const { networkMode, pidMode, ipcMode, utsMode } = container.spec;
  const ids = new Map<string, string>();
  for (const mode of [networkMode, pidMode, ipcMode, utsMode]) {
    const name = mode === undefined ? undefined : joinName(mode);
    if (mode === undefined || name === undefined || ids.has(name)) continue;
    const id = await idOf(client, container, mode);
    if (id !== undefined) ids.set(name, id);
  }
  return ids;
}

/** `container:web`, `service:web`; nothing for a mode that joins nobody. */
export function joinName(mode: Mode): string | undefined {
  if (mode.kind === 'container') return `container:${mode.container}`;
  return mode.kind === 'service' ? `service:${mode.service}` : undefined;
}

async function idOf(client: Client, { owner }: Container, mode: Mode): Promise<string | undefined> {
  if (mode.kind === 'container') return containerId(client, mode.container);
  if (mode.kind !== 'service' || owner === undefined) return undefined;
  const rows = await client.listContainers({
    all: true,
    filters: { project: [owner.project], service: [mode.service] },
  });
  // A container of `run` joins the first.
  const slot = owner.oneOff === true ? undefined : owner.slot;
  return rows.find((row) => slot === undefined || row.slot === slot)?.id;
}

async function containerId(client: Client, reference: string): Promise<string | undefined> {
  try {
    return (await client.getContainer(reference)).id;
  } catch (error) {
    if (error instanceof OrcError && error.problem.code === 'notfound.container') return undefined;
    throw error;
  }
}
