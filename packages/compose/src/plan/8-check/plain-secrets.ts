/** Values that look like secrets and stand in the file as plain text. No value gets into a message or an excerpt. */
import { type Loading, lineOf, warn } from '../loading.ts';
import { type Node, type Place, get, textOf, whereOf } from '../node.ts';

export function warnOfSecrets(loading: Loading, name: string, service: Node): void {
  for (const path of [['environment'], ['build', 'args']]) {
    const values = path.reduce<Node | undefined>((node, step) => node && get(node, step), service);
    if (values?.kind !== 'map') continue;
    for (const [key, { key: place, value }] of values.entries) {
      const text = textOf(value) ?? '';
      if (!looksSecret(key, text) || isFromElsewhere(key, value.place)) continue;
      for (const each of [place, value.place]) loading.secretLines.add(lineOf(whereOf(each)));
      warn(
        loading,
        'compose.schema',
        place,
        `service "${name}": ${path.join('.')}.${key} looks like a secret, and stands here as plain text`,
        path[0] === 'build'
          ? 'arguments stay in the history of the image; give it at run time, as a secret'
          : `use \`secrets:\` and ${key}_FILE where the image knows it, or \${${key}} with a .env that is not committed`,
      );
    }
  }
}

const NAME =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|CREDENTIALS?|(?:API|SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION|MASTER)_?KEY|KEY_BASE)$/;
/** Of keys and tokens whose makers gave them a form, and passwords in addresses. */
const VALUE =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|^(?:ghp|gho|ghs|github_pat|glpat|xox[abp]|sk_live|rk_live)[-_]|^AKIA[0-9A-Z]{16}$|^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/;
/** `MYSQL_ALLOW_EMPTY_PASSWORD: "yes"`. */
const SWITCH = /^(?:|yes|no|true|false|on|off|[0-9])$/;

function looksSecret(name: string, text: string): boolean {
  const known = name.replaceAll('-', '_').toUpperCase();
  return (NAME.test(known) && known !== 'PWD' && !SWITCH.test(text.toLowerCase())) || VALUE.test(text);
}

/** A value that came in through `${…}` is not in the file; nor is a variable that is passed on by its name alone. */
function isFromElsewhere(name: string, { source, start, end }: Place): boolean {
  const written = source.text.slice(start, end).replace(/^["']|["']$/g, '');
  return source.secret === true || /\$[{A-Za-z_]/.test(written) || written === '' || written === name;
}
