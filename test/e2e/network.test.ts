/** Containers on the network: published ports, names, isolation, and networks that are shared. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerSpec, NetworkMode, PortBinding } from '@orc/model';
import {
  bootstrapBusybox,
  execIn,
  idle,
  logsOf,
  make,
  problemOf,
  runToEnd,
  sh,
  startNew,
} from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
const client = (): Instance['client'] => instance.client;
beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
  for (const name of ['front', 'back']) await client().createNetwork(name, { driver: 'bridge' });
  await client().createNetwork('inside', { driver: 'bridge', internal: true });
});
afterAll(() => instance.purge());

const on = (network: string, aliases: readonly string[] = []): NetworkMode => ({
  kind: 'networks',
  attachments: [{ network, aliases }],
});
const web = (more: Partial<ContainerSpec>): ContainerSpec =>
  sh('mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www', more);
const tcp = (containerPort: number, more: Partial<PortBinding> = {}): PortBinding => ({
  containerPort,
  protocol: 'tcp',
  ...more,
});
const hostPortOf = async (id: string): Promise<number> =>
  (await client().getContainer(id)).ports[0]?.hostPort as number;
const addressOf = async (id: string, network: string): Promise<string> =>
  (await client().getContainer(id)).endpoints.find((each) => each.network === network)?.ipv4 as string;
const curl = (url: string): string =>
  spawnSync('curl', ['-sS', '--max-time', '10', url], { encoding: 'utf8' }).stdout.trim();
const fetched = async (url: string): Promise<string> => {
  let text = '';
  await until(() => (text = curl(url)) !== '', `an answer of ${url}`);
  return text;
};
/** Asks as a program would: the daemon's DNS first, then the address. */
const lookUp = async (id: string, name: string): Promise<string> => {
  const { stdout } = await execIn(client(), id, ['nslookup', name]);
  return /Name:\s+\S+\s+Address:\s+(\S+)/.exec(stdout)?.[1] ?? '';
};
const visit = async (id: string, address: string, port = 80): Promise<string> => {
  if (address === '') return '';
  const script = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} ${port}`;
  const { stdout } = await execIn(client(), id, ['sh', '-c', script]);
  return stdout.split('\r\n\r\n')[1]?.trim() ?? '';
};
const visitByName = async (id: string, name: string): Promise<string> => visit(id, await lookUp(id, name));
const remove = (...ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => client().removeContainer(id, { force: true })));

/** busybox has no UDP server: the host's perl, below the host's folders, is one. */
const udpEcho = (more: Partial<ContainerSpec>): ContainerSpec => ({
  image: 'busybox',
  command: [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    '$s = IO::Socket::INET->new(Proto => "udp", LocalPort => 9); $s->send($d) while $s->recv($d, 1500)',
  ],
  mounts: [
    ['/usr', '/usr'],
    ['/usr/lib', '/lib'],
    ['/usr/lib64', '/lib64'],
    ['/usr/bin', '/bin'],
  ].map(([source, target]) => ({
    type: 'bind',
    source: source as string,
    target: target as string,
    readOnly: true,
  })),
  ...more,
});

describe('published ports', () => {
  test('an ephemeral one answers on 127.0.0.1 and on the gateway, and closes with the container', async () => {
    const id = await startNew(client(), web({ hostname: 'one', ports: [tcp(80)] }));
    const port = await hostPortOf(id);
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('one');
    const { gateway } = (await client().getContainer(id)).endpoints[0] as { gateway: string };
    expect(await fetched(`http://${gateway}:${port}/`)).toBe('one');
    const other = await startNew(client(), idle());
    expect(await visit(other, gateway, port)).toBe('one');
    await client().stopContainer(id, { timeoutMs: 0 });
    expect(curl(`http://127.0.0.1:${port}/`)).toBe('');
    await remove(id, other);
  });

  test('a container that is told to stop is sent nobody new, by port or by name, before it hears of it', async () => {
    const { server, port } = await occupy();
    server.close();
    const script = `mkdir /www; echo me > /www/index.html; httpd -p 80 -h /www
      gateway=$(ip route | awk '$1 == "default" { print $3 }')
      asked() { printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 $gateway ${port} 2>/dev/null | grep -w me || echo nobody; }
      named() { nslookup polite >/dev/null 2>&1 && echo named || echo nameless; }
      trap 'echo "$(asked) $(named)"; exit 0' TERM
      until [ "$(asked) $(named)" = "me named" ]; do sleep 0.1; done
      echo ready; while :; do sleep 0.1; done`;
    const more = { networkMode: on('front'), ports: [tcp(80, { hostPort: port })] };
    const id = await startNew(client(), sh(script, more), 'polite');
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'it to serve');
    await client().restartContainer(id, {});
    await until(async () => (await logsOf(client(), id)).stdout.match(/ready/g)?.length === 2, 'it again');
    await client().stopContainer(id, {});
    const told = 'nobody nameless\n';
    expect((await logsOf(client(), id)).stdout).toBe(`ready\n${told}ready\n${told}`);
    await remove(id);
  });

  test('one bound to 127.0.0.1 is not reached by another address', async () => {
    const id = await startNew(
      client(),
      web({ hostname: 'local', ports: [tcp(80, { hostIp: '127.0.0.1' })] }),
    );
    const port = await hostPortOf(id);
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('local');
    const { gateway } = (await client().getContainer(id)).endpoints[0] as { gateway: string };
    expect(curl(`http://${gateway}:${port}/`)).toBe('');
    await remove(id);
  });

  test('UDP goes both ways', async () => {
    const ports = [{ containerPort: 9, protocol: 'udp' }] as const;
    const id = await startNew(client(), udpEcho({ ports }));
    const port = await hostPortOf(id);
    let answer = '';
    await until(async () => (answer = await askUdp(port, 'ping')) !== '', 'an answer over UDP');
    expect(answer).toBe('ping');
    await remove(id);
  });

  test('a port of somebody else is refused, and nothing is left of the attempt', async () => {
    const { server, port } = await occupy();
    const id = await make(client(), web({ ports: [tcp(80, { hostPort: port })] }));
    const problem = await problemOf(client().startContainer(id));
    expect(problem).toMatchObject({ code: 'conflict.port' });
    expect(problem.message).toContain(String(port));
    expect(await client().getContainer(id)).toMatchObject({ status: 'created', ports: [] });
    server.close();
    await client().startContainer(id);
    expect(await hostPortOf(id)).toBe(port);
    await remove(id);
  });

  test('a refused one leaves the daemon at rest, also while other instances change their rules', async () => {
    const { server, port } = await occupy();
    const ids = await Promise.all(
      [1, 2].map(() => make(client(), web({ ports: [tcp(80, { hostPort: port })] }))),
    );
    for (const id of ids) expect((await problemOf(client().startContainer(id))).code).toBe('conflict.port');
    const [ticks, bytes] = [cpuTicks(), residentKiB()];
    for (let turn = 0; turn < 30; turn += 1) {
      spawnSync('nft', ['add table inet orc-000000; delete table inet orc-000000']);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(cpuTicks() - ticks).toBeLessThan(20);
    expect(residentKiB() - bytes).toBeLessThan(64 * 1024);
    server.close();
    await remove(...ids);
  });

  test('a port of ours is refused to a second container and to a program of the host', async () => {
    const id = await startNew(client(), web({ ports: [tcp(80)] }));
    const port = await hostPortOf(id);
    const second = await make(client(), web({ ports: [tcp(80, { hostPort: port })] }));
    expect((await problemOf(client().startContainer(second))).code).toBe('conflict.port');
    await expect(occupy(port)).rejects.toThrow(/EADDRINUSE/);
    await remove(id, second);
    const { server } = await occupy(port);
    server.close();
  });
});

describe('names and isolation', () => {
  test('names, aliases and short ids are answered on the same network only', async () => {
    const server = await startNew(
      client(),
      web({ hostname: 'srv', networkMode: on('front', ['api']) }),
      'server',
    );
    const near = await startNew(client(), idle({ networkMode: on('front') }));
    const far = await startNew(client(), idle({ networkMode: on('back') }));
    for (const name of ['server', 'api', server.slice(0, 12)])
      await until(async () => (await visitByName(near, name)) === 'srv', `an answer of ${name}`);
    expect(await lookUp(far, 'server')).toBe('');
    expect(await visit(far, await addressOf(server, 'front'))).toBe('');
    const { stdout } = await execIn(client(), near, ['cat', '/etc/resolv.conf']);
    expect(stdout).toMatch(/^nameserver /m);
    await client().stopContainer(server, { timeoutMs: 0 });
    expect(await lookUp(near, 'server')).toBe('');
    await remove(server, near, far);
  });

  test('one on two networks is met on both', async () => {
    const attachments = [{ network: 'front' }, { network: 'back' }];
    const both = await startNew(
      client(),
      web({ hostname: 'both', networkMode: { kind: 'networks', attachments } }),
      'both',
    );
    const clients = await Promise.all(
      ['front', 'back'].map((name) => startNew(client(), idle({ networkMode: on(name) }))),
    );
    for (const id of clients)
      await until(async () => (await visitByName(id, 'both')) === 'both', 'an answer');
    await remove(both, ...clients);
  });

  test('an internal network has names and no way out', async () => {
    const server = await startNew(client(), web({ hostname: 'in', networkMode: on('inside') }), 'insider');
    const id = await startNew(client(), idle({ networkMode: on('inside') }));
    await until(async () => (await visitByName(id, 'insider')) === 'in', 'an answer');
    expect((await execIn(client(), id, ['ip', 'route'])).stdout).not.toContain('default');
    await remove(server, id);
  });

  test('a fixed address, and one that is taken', async () => {
    const { status } = await client().getNetwork('front');
    const subnet = status.subnets[0]?.subnet as string;
    const ipv4 = subnet.replace(/\.\d+\/.*$/, '.77');
    const networkMode: NetworkMode = { kind: 'networks', attachments: [{ network: 'front', ipv4 }] };
    const outcome = await startNew(client(), idle({ networkMode })).catch((error: unknown) => error as Error);
    if (typeof outcome !== 'string') throw outcome;
    expect(await addressOf(outcome, 'front')).toBe(ipv4);
    expect((await problemOf(startNew(client(), idle({ networkMode })))).code).toMatch(/^(network|conflict)/);
    await remove(outcome);
  });
});

describe('modes', () => {
  test('none has loopback only', async () => {
    const { stdout } = await runToEnd(
      client(),
      sh('ls /sys/class/net; ip -4 -o addr', { networkMode: { kind: 'none' } }),
    );
    expect(stdout).toMatch(/^lo\n/);
    expect(stdout).not.toContain('eth0');
  });

  test('host is the host’s', async () => {
    const { stdout } = await runToEnd(
      client(),
      sh('readlink /proc/self/ns/net', { networkMode: { kind: 'host' } }),
    );
    const own = spawnSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).stdout;
    expect(stdout).toBe(own);
  });

  test('container:x shares its network, and is refused when x does not run', async () => {
    const first = await startNew(client(), web({ hostname: 'shared' }), 'shared');
    const networkMode: NetworkMode = { kind: 'container', container: 'shared' };
    const second = await startNew(client(), idle({ networkMode }));
    await until(async () => (await visit(second, '127.0.0.1')) === 'shared', 'an answer over loopback');
    await client().stopContainer(first, { timeoutMs: 0 });
    expect((await execIn(client(), second, ['echo', 'alive'])).stdout).toBe('alive\n');
    expect((await problemOf(startNew(client(), idle({ networkMode })))).code).toBe('conflict.state');
    await remove(first, second);
  });

  test('a shared network outlives the stop of its owner, also over a daemon; its address is nobody else’s', async () => {
    const { server, port } = await occupy();
    server.close();
    const ports = [tcp(80, { hostPort: port })];
    const owner = await startNew(client(), idle({ networkMode: on('front'), ports }), 'owner');
    const guest = await startNew(
      client(),
      web({ networkMode: { kind: 'container', container: 'owner' }, hostname: 'guest' }),
    );
    const beside = await startNew(client(), idle({ networkMode: on('front') }));
    const address = await addressOf(owner, 'front');
    const link = async (): Promise<string> => (await execIn(client(), guest, ['ip', '-4', 'addr'])).stdout;
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('guest');
    for (const between of [
      async () => {},
      async () => {
        await instance.stop('SIGKILL');
        await instance.start();
      },
    ]) {
      await client().stopContainer(owner, { timeoutMs: 2000 });
      expect(curl(`http://127.0.0.1:${port}/`)).toBe('');
      await between();
      expect(await visit(beside, address)).toBe('guest');
      // As many as a block of addresses has: one of them would get that of the owner.
      const others = await Promise.all(
        Array.from({ length: 16 }, () => startNew(client(), idle({ networkMode: on('front') }))),
      );
      expect(await Promise.all(others.map((id) => addressOf(id, 'front')))).not.toContain(address);
      await remove(...others);
      await client().startContainer(owner);
      expect(await addressOf(owner, 'front')).toBe(address);
      expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('guest');
    }
    await client().stopContainer(owner, { timeoutMs: 2000 });
    await remove(owner);
    expect(await link()).not.toContain('eth0');
    expect(await visit(beside, address)).toBe('');
    await remove(guest, beside);
  });

  test('a shared network goes with the last who is in it, when its owner has stopped', async () => {
    const owner = await startNew(client(), idle({ networkMode: on('front') }), 'gone');
    const guest = await startNew(client(), idle({ networkMode: { kind: 'container', container: 'gone' } }));
    await client().stopContainer(owner, { timeoutMs: 2000 });
    expect((await client().getContainer(owner)).endpoints).not.toEqual([]);
    await client().stopContainer(guest, { timeoutMs: 2000 });
    await until(
      async () => (await client().getContainer(owner)).endpoints.length === 0,
      'it to be given back',
    );
    await remove(owner, guest);
  });
});

describe('networks', () => {
  test('one that is used stays; one that is not goes with its bridge', async () => {
    await client().createNetwork('short', { driver: 'bridge' });
    const id = await startNew(client(), idle({ networkMode: on('short') }));
    expect((await problemOf(client().removeNetwork('short'))).code).toBe('conflict.inuse');
    const before = links();
    await remove(id);
    await client().removeNetwork('short');
    await until(() => links().length === before.length - 1, 'the bridge to go');
    expect((await problemOf(make(client(), idle({ networkMode: on('short') })))).code).toBe(
      'notfound.network',
    );
    expect((await problemOf(client().createNetwork('front', { driver: 'bridge' }))).code).toBe(
      'conflict.name',
    );
  });

  test('a container has the same address after stop and start of others, and after a restart', async () => {
    const id = await startNew(client(), idle({ networkMode: on('front') }));
    const address = await addressOf(id, 'front');
    const other = await startNew(client(), idle({ networkMode: on('front') }));
    expect(await addressOf(other, 'front')).not.toBe(address);
    await remove(id, other);
  });
});

describe('pre-defined networks', () => {
  test('are listed, have ids that stay, and are neither made nor removed', async () => {
    const rows = (await client().listNetworks()).slice(0, 3);
    expect(rows.map(({ name, spec }) => `${name} ${spec.driver}`)).toEqual([
      'bridge bridge',
      'host host',
      'none null',
    ]);
    expect(new Set(rows.map(({ id }) => id.slice(0, 12))).size).toBe(3);
    for (const { id, name } of rows) {
      expect(id).toMatch(/^(?!0{12})[0-9a-z]{25}$/);
      expect((await client().getNetwork(id.slice(0, 12))).name).toBe(name);
      expect(await problemOf(client().removeNetwork(name))).toMatchObject({
        code: 'conflict.state',
        message: `${name} is a pre-defined network and cannot be removed`,
      });
      expect((await problemOf(client().createNetwork(name, { driver: 'bridge' }))).code).toBe(
        'conflict.name',
      );
    }
    await instance.stop();
    await instance.start();
    expect((await client().listNetworks()).slice(0, 3)).toEqual(rows);
  });
});

describe('names of instances side by side', () => {
  test('are answered on every network, also after networks came and went and a daemon restarted', async () => {
    const other = await startInstance();
    try {
      await bootstrapBusybox(other);
      const both = [instance, other];
      for (let turn = 0; turn < 2; turn += 1)
        for (const each of both)
          await Promise.all(['x', 'y', 'z'].map((name) => comeAndGo(each, `${name}${turn}`)));
      await other.stop();
      await other.start();
      for (const each of both) {
        const answers = await Promise.all(['x', 'y', 'z'].map((name) => answered(each, name)));
        expect(answers).toEqual([true, true, true]);
      }
      for (const each of both) expect(listenersOf(each)).toEqual(new Set([1]));
    } finally {
      await other.purge();
    }
  });
});

async function comeAndGo({ client: by }: Instance, name: string): Promise<void> {
  await by.createNetwork(name, { driver: 'bridge' });
  await by.removeNetwork(name);
}

/** Whether a container of a new network finds itself by its name. */
async function answered({ client: by }: Instance, name: string): Promise<boolean> {
  await by.createNetwork(name, { driver: 'bridge' });
  const id = await startNew(by, idle({ networkMode: on(name, ['self']) }));
  const { stdout } = await execIn(by, id, ['nslookup', 'self']);
  return stdout.includes((await by.getContainer(id)).endpoints[0]?.ipv4 as string);
}

/** How many UDP sockets the daemon has on each address that it answers names on. */
function listenersOf(each: Instance): ReadonlySet<number> {
  const { stdout } = spawnSync('ss', ['-Hnlup'], { encoding: 'utf8' });
  const counts = new Map<string, number>();
  for (const line of stdout.split('\n').filter((row) => row.includes(`pid=${each.pid()},`))) {
    const address = /(\S+):61\d{3} /.exec(line)?.[1];
    if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return new Set(counts.values());
}

/** Of the daemon and the programs that it ran, in hundredths of a second. */
function cpuTicks(): number {
  const fields = readFileSync(`/proc/${instance.pid()}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
}

function residentKiB(): number {
  const rollup = readFileSync(`/proc/${instance.pid()}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
}

const links = (): readonly string[] =>
  instance.leftovers().filter((line) => line.startsWith(`link ${instance.name}-`));

/** Below those that the kernel gives away: once it is free again nobody has it by chance. */
const somePort = (): number => 12_000 + Math.floor(Math.random() * 20_000);

async function occupy(port = somePort()): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '0.0.0.0', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

function askUdp(port: number, text: string): Promise<string> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(''), 2000);
    const done = (answer: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.on('message', (message) => done(message.toString('utf8')));
    socket.send(text, port, '127.0.0.1');
  });
}
