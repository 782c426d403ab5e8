/** `--volumes-from web:ro`. */
import type { VolumesFrom } from '@orc/api/client';
import { fail } from '@orc/model';

/** What SELinux is to do has no meaning here, as with `--volume`. */
const MODES = ['ro', 'rw', 'z', 'Z'];

export function parseVolumesFrom(word: string): VolumesFrom {
  const [container = '', ...modes] = word.split(':');
  const words = modes.flatMap((each) => each.split(','));
  const unknown = words.find((each) => !MODES.includes(each));
  if (container === '' || modes.length > 1 || unknown !== undefined)
    throw fail('usage.invalid', `--volumes-from ${word} is malformed`, { hint: 'write web or web:ro' });
  return words.includes('ro') ? { container, readOnly: true } : { container };
}
