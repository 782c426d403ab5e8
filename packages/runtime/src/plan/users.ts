/**
 * `user:` of a container against its own /etc/passwd and /etc/group, by docker's rules, but strictly: what is not
 * exactly a name or a number is an error and never root (CVE-2026-30892).
 */
import type { Problem } from '@orc/model';

export type ResolvedUser = {
  readonly uid: number;
  readonly gid: number;
  /**
   * Supplementary ones: the primary first, so that who drops it drops what files of that group give (CVE-2022-36109);
   * the others sorted, without repeats.
   */
  readonly groups: readonly number[];
  readonly home: string;
};

/** setuid takes no more without meaning -1. */
const ID_MAX = 2 ** 31 - 1;

/**
 * Forms: empty (root), `name`, `uid`, `name:group`, `uid:gid` and mixtures; nothing after the colon is as no colon.
 * With a group given, /etc/group's memberships are left out. A number need not exist in the files, a name must.
 */
export function lookupUser(
  user: string,
  passwd: string,
  group: string,
  groupAdd: readonly string[],
): ResolvedUser | Problem {
  const groups = parseGroup(group);
  const colon = user.indexOf(':');
  const userPart = colon === -1 ? user : user.slice(0, colon);
  const groupPart = colon === -1 ? '' : user.slice(colon + 1);
  if (userPart === '' && colon !== -1) return emptyUser(user);
  const account = findUser(userPart, parsePasswd(passwd));
  if ('code' in account) return account;
  const gid = groupPart === '' ? account.gid : findGroup(groupPart, groups);
  if (typeof gid === 'object') return gid;
  const added = addGroups(groupAdd, groups);
  if ('code' in added) return added;
  const memberships = groupPart === '' ? memberOf(account.name, groups) : [];
  const others = [...memberships, ...added.gids].sort((a, b) => a - b);
  return { uid: account.uid, gid, groups: [...new Set([gid, ...others])], home: account.home };
}

type Account = { readonly name?: string; readonly uid: number; readonly gid: number; readonly home: string };
type Group = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/** Root needs no entry. */
function findUser(wanted: string, accounts: readonly Account[]): Account | Problem {
  if (wanted === '') return findAccount('0', accounts);
  const found = findAccount(wanted, accounts);
  return 'code' in found && wanted === 'root' ? findAccount('0', accounts) : found;
}

function findAccount(wanted: string, accounts: readonly Account[]): Account | Problem {
  const uid = parseId(wanted);
  const found = accounts.find((each) => each.name === wanted || each.uid === uid);
  if (found !== undefined) return found;
  if (uid !== undefined) return { uid, gid: 0, home: '/' };
  return notFound('user', wanted, '/etc/passwd');
}

function findGroup(wanted: string, groups: readonly Group[]): number | Problem {
  const found = groups.find((each) => each.name === wanted);
  return found?.gid ?? parseId(wanted) ?? notFound('group', wanted, '/etc/group');
}

function addGroups(
  wanted: readonly string[],
  groups: readonly Group[],
): { readonly gids: readonly number[] } | Problem {
  const gids: number[] = [];
  for (const each of wanted) {
    const gid = findGroup(each, groups);
    if (typeof gid === 'object') return gid;
    gids.push(gid);
  }
  return { gids };
}

const memberOf = (name: string | undefined, groups: readonly Group[]): readonly number[] =>
  name === undefined ? [] : groups.filter((each) => each.members.includes(name)).map((each) => each.gid);

/** Lines without a whole uid and gid are passed over: read as 0, they would make a broken file a way to root. */
function parsePasswd(text: string): readonly Account[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uidText = '', gidText = '', , home = ''] = line.trim().split(':');
    const [uid, gid] = [parseId(uidText), parseId(gidText)];
    if (name === '' || name.startsWith('#') || uid === undefined || gid === undefined) return [];
    return [{ name, uid, gid, home: home === '' ? '/' : home }];
  });
}

function parseGroup(text: string): readonly Group[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gidText = '', members = ''] = line.trim().split(':');
    const gid = parseId(gidText);
    if (name === '' || name.startsWith('#') || gid === undefined) return [];
    return [{ name, gid, members: members.split(',').filter((each) => each !== '') }];
  });
}

function parseId(text: string): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= ID_MAX ? id : undefined;
}

function notFound(what: 'user' | 'group', wanted: string, file: string): Problem {
  if (/^[-+]?[0-9]+$/.test(wanted)) {
    return {
      code: 'input.invalid',
      message: `${what} id ${wanted} is out of range`,
      hint: `ids go from 0 to ${ID_MAX}`,
    };
  }
  const message = `unable to find ${what} ${JSON.stringify(wanted)}: no matching entry in ${file} of the image`;
  return { code: 'input.invalid', message, hint: 'use a name that the image has, or a number' };
}

const emptyUser = (user: string): Problem => ({
  code: 'input.invalid',
  message: `no user before the colon in ${JSON.stringify(user)}`,
  hint: `for root write "0${user}"`,
});
