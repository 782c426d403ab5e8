/** Forgets UDP flows, which would otherwise go on to where they went before the rules changed (moby#8795). */
import type { Emit, PortBinding } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { isAny, isIpv6 } from '../plan/ports.ts';
import { runProgram } from './program.ts';

/** By host port: flows of whoever asked for it while nobody, or somebody else, had it. */
export async function forgetFlows(ports: readonly PortBinding[], emit: Emit): Promise<void> {
  const udp = ports.filter((each) => each.protocol === 'udp' && !isIpv6(each.hostIp));
  await Promise.all(udp.map((each) => forget(each, emit)));
}

async function forget(port: PortBinding, emit: Emit): Promise<void> {
  const at = port.hostIp === undefined || isAny(port.hostIp) ? [] : ['--orig-dst', port.hostIp];
  const filter = ['-p', 'udp', '--orig-port-dst', String(port.hostPort), ...at];
  try {
    await runProgram(['conntrack', '-D', ...filter], {
      package: 'conntrack',
      timeoutMs: LIMITS.conntrackTimeoutMs,
    });
  } catch (error) {
    emit('warn', 'UDP flows may still go to a container that is gone', {
      port: port.hostPort,
      error: String(error),
    });
  }
}
