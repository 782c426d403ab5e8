/**
 * EXPOSE's ports: `80`, `80/udp`, `8000-8002/tcp`; what stands before the container's port is for `run`,
 * not for images.
 */

const PORT = /^(?:.*:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;
const PORTS_MAX = 65_535;

/** `80/tcp` each; `undefined`: not ports. */
export function expandPorts(text: string): readonly string[] | undefined {
  const match = PORT.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > last || last > PORTS_MAX || first === 0) return undefined;
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}
