/** Who a container's or an exec's process is: looked up in the image, bounded by what this host may give. */
import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { fail } from '@orc/model';
import { type Capabilities, resolveCapabilities } from '../plan/capabilities.ts';
import type { Identity } from '../plan/process.ts';
import { compileSeccomp } from '../plan/seccomp.ts';
import { lookupUser, type ResolvedUser } from '../plan/users.ts';
import type { Accounts, AccountsRequest, Texts } from './accounts.ts';

export type IdentityRequest = Omit<AccountsRequest, 'mounted'> & {
  readonly user: string;
  readonly groupAdd: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly noNewPrivileges: boolean;
  readonly seccomp: string;
};

export async function resolveIdentity(accounts: Accounts, request: IdentityRequest): Promise<Identity> {
  const user = await resolveUser(accounts, request);
  const asked = resolveCapabilities({
    add: request.capAdd,
    drop: request.capDrop,
    privileged: request.privileged,
    uid: user.uid,
  });
  const capabilities = within(asked, hostBounding());
  const seccomp = request.privileged ? undefined : seccompFor(request.seccomp, capabilities);
  return {
    user,
    capabilities,
    noNewPrivileges: request.noNewPrivileges,
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

function seccompFor(profile: string, capabilities: Capabilities): Uint8Array | undefined {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return compileSeccomp(profile, {
    arch: arch() === 'arm64' ? 'arm64' : 'x64',
    capabilities: capabilities.names,
    kernelVersion: [major, minor],
  });
}

let bounding: bigint | undefined;

/** What the daemon does not have itself, nobody gets from it. */
export function hostBounding(): bigint {
  bounding ??= BigInt(
    `0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
  );
  return bounding;
}

const within = (asked: Capabilities, most: bigint): Capabilities => ({
  ...asked,
  bounding: asked.bounding & most,
  permitted: asked.permitted & most,
  effective: asked.effective & most,
});

const NUMERIC = /^[0-9]{1,10}:[0-9]{1,10}$/;
const NO_FILES: Texts = { passwd: '', group: '' };

/** The image's files are read only when a name, or a number without a group, makes it necessary. */
async function resolveUser(accounts: Accounts, request: IdentityRequest): Promise<ResolvedUser> {
  const { user, groupAdd } = request;
  const plain = groupAdd.every((each) => /^[0-9]+$/.test(each));
  const { passwd, group } = plain && NUMERIC.test(user) ? NO_FILES : await accounts.of(seenBy(request));
  const found = lookupUser(user, passwd, group, groupAdd);
  if ('code' in found) throw fail(found.code, found.message, found);
  return found;
}

/** Root's are those of the container's own files, as docker's everybody's are: most execs are root's. */
const seenBy = (request: IdentityRequest): AccountsRequest => ({
  ...request,
  mounted: !ROOT.has(request.user) || request.groupAdd.length > 0,
});
const ROOT: ReadonlySet<string> = new Set(['', '0', 'root']);
