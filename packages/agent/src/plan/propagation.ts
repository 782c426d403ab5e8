/** Whether mounts can travel between a bind and its source: they do only where the source's own mount has peers. */
import { fail, type OrcError, type Propagation } from '@orc/model';

type HostMount = { readonly point: string; readonly shared: boolean; readonly slave: boolean };

const SHARED: ReadonlySet<Propagation> = new Set(['shared', 'rshared']);
const SLAVE: ReadonlySet<Propagation> = new Set(['slave', 'rslave']);

export const needsPeers = (propagation: Propagation | undefined): boolean =>
  propagation !== undefined && (SHARED.has(propagation) || SLAVE.has(propagation));

/** `mountinfo` as proc(5) has it; `source` without links. Undefined: it has the effect that was asked for. */
export function propagationProblem(
  source: string,
  propagation: Propagation,
  mountinfo: string,
): OrcError | undefined {
  const mount = mountOf(source, mountinfo);
  const fits = mount.shared || (SLAVE.has(propagation) && mount.slave);
  if (fits) return undefined;
  const message = `propagation ${propagation} of ${source} would have no effect: the mount ${mount.point} is not shared`;
  return fail('input.invalid', message, { hint: `mount --make-shared ${mount.point}` });
}

/** The deepest that holds the path; of several at one point the last, which covers the others. */
function mountOf(path: string, mountinfo: string): HostMount {
  let found: HostMount = { point: '/', shared: false, slave: false };
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, , ...rest] = line.split(' ');
    if (escaped === undefined) continue;
    const point = unescape(escaped);
    if (point.length < found.point.length || !holds(point, path)) continue;
    const optional = rest.slice(0, rest.indexOf('-'));
    const has = (tag: string): boolean => optional.some((each) => each.startsWith(tag));
    found = { point, shared: has('shared:'), slave: has('master:') };
  }
  return found;
}

const holds = (point: string, path: string): boolean =>
  point === '/' || path === point || path.startsWith(`${point}/`);

/** Spaces and the like are written as `\040`. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
