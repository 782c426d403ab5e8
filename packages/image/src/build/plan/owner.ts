/** `--chown`: names are those of the image's own /etc/passwd and /etc/group. */

export type Owner = { readonly uid: number; readonly gid: number };
export type Accounts = { readonly passwd: string; readonly group: string };

const ID_MAX = 4_294_967_294;

/**
 * `user`, `uid`, `user:group`, `:group`; `error` names what is unknown. A uid alone is the gid too, as in
 * docker.
 */
export function readOwner(text: string, accounts: Accounts): Owner | { readonly error: string } {
  const [user = '', group = ''] = text.split(':', 2);
  const account = user === '' ? { uid: 0, gid: 0 } : readUser(user, accounts.passwd);
  if (account === undefined) return { error: `user ${user} is not in the image's /etc/passwd` };
  if (group === '') return account;
  const gid = readGroup(group, accounts.group);
  return gid === undefined
    ? { error: `group ${group} is not in the image's /etc/group` }
    : { uid: account.uid, gid };
}

function readUser(user: string, passwd: string): Owner | undefined {
  const row = rows(passwd).find(([name]) => name === user);
  if (row !== undefined) return numbers(row[2], row[3]);
  return numbers(user, user);
}

function readGroup(group: string, file: string): number | undefined {
  const row = rows(file).find(([name]) => name === group);
  return numbers(row?.[2] ?? group, '0')?.uid;
}

const rows = (file: string): readonly string[][] => file.split('\n').map((line) => line.split(':'));

function numbers(uid: string | undefined, gid: string | undefined): Owner | undefined {
  if (!isId(uid) || !isId(gid)) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

const isId = (text: string | undefined): boolean =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX;
