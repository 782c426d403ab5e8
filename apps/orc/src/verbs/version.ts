/** `orc version`: this program's, and the daemon's if one answers; it starts none. */
import { OrcError } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { compileTemplate } from '../format/template.ts';
import { VERSION } from '../version.ts';

export const version: Body = async (context, _, flags) => {
  if (flags.on('short')) {
    context.out(VERSION);
    return 0;
  }
  const client = { Version: VERSION, Node: process.version, Os: process.platform, Arch: process.arch };
  const server = flags.on('client') ? undefined : await serverOf(context.host.socketPath);
  const format = flags.text('format');
  if (format !== undefined && format !== 'text' && format !== 'pretty') {
    const value = { Client: client, Server: server ?? null };
    context.out(format === 'json' ? JSON.stringify(value) : compileTemplate(format)(value));
    return 0;
  }
  context.out(section('Client', client));
  if (flags.on('client')) return 0;
  context.out(server === undefined ? 'Server: no daemon answers' : section('Server', server));
  return 0;
};

async function serverOf(socketPath: string): Promise<Record<string, string> | undefined> {
  const { connect } = await import('@orc/api/client');
  const client = connect({ socketPath });
  try {
    const {
      version: Version,
      apiVersion: ApiVersion,
      node: Node,
      os: Os,
      arch: Arch,
      kernel,
      pid,
    } = await client.version();
    return { Version, ApiVersion, Node, Os, Arch, KernelVersion: kernel, Pid: String(pid) };
  } catch (error) {
    if (error instanceof OrcError && error.problem.code === 'daemon.unreachable') return undefined;
    throw error;
  } finally {
    client.close();
  }
}

const section = (name: string, values: Readonly<Record<string, string>>): string =>
  [`${name}:`, ...Object.entries(values).map(([key, value]) => ` ${`${key}:`.padEnd(15)} ${value}`)].join(
    '\n',
  );
