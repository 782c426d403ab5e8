/** Attributes that say how services reach each other, and how they are reached. */
import { createSocket } from 'node:dgram';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { composed, upOf } from '../../lab/composed.ts';
import { until } from '../../lab/instance.ts';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';
import { seeded } from '../../lab/seeded.ts';

const COMPOSE = `
name: net
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
services:
  plain: *idle
  web:
    image: busybox
    init: true
    command: sh -c 'echo page > /index.html; exec httpd -f -h / -p 8080'
    ports:
      - "127.0.0.1:PORT1:8080"
      - target: 8080
        published: "PORT2"
        host_ip: 127.0.0.1
        protocol: tcp
        name: web
      - "8080"
    expose: ["8080", "9000-9001/udp"]
  datagrams:
    <<: *idle
    ports: ["127.0.0.1:PORT3:7777/udp"]
  many:
    <<: *idle
    deploy: {replicas: 3}
  both:
    <<: *idle
    networks:
      front:
        aliases: [frontal, "two.names"]
        mac_address: 02:42:ac:11:65:43
      back:
        ipv4_address: 10.213.7.77
      inside:
  front-only:
    <<: *idle
    networks: [front]
    links: ["both:linked"]
  back-only:
    <<: *idle
    networks: [back]
  inside-only:
    <<: *idle
    networks: [inside]
  gateway:
    <<: *idle
    networks:
      front: {gw_priority: 1}
      back: {gw_priority: 100}
  outsider:
    <<: *idle
    networks: [elsewhere]
  hosts:
    <<: *idle
    hostname: me
    extra_hosts: ["printer=10.9.8.7", "gate:host-gateway"]
    dns: [192.0.2.1]
    dns_search: [corp.test]
    dns_opt: ["ndots:3"]
  alone:
    <<: *idle
    network_mode: none
  host:
    <<: *idle
    network_mode: host
  local:
    <<: *idle
    network_mode: bridge
  amid:
    <<: *idle
    networks:
      front: {gw_priority: 1}
      everyones: {gw_priority: 2}
  joins:
    <<: *idle
    network_mode: service:web
  joins-container:
    <<: *idle
    network_mode: container:net-web-1
    depends_on: [web]
networks:
  front:
    driver_opts: {com.docker.network.driver.mtu: "1400"}
    labels: {com.example.side: front}
  back:
    name: net-own-name
    ipam:
      config:
        - subnet: 10.213.7.0/24
          gateway: 10.213.7.9
  inside: {internal: true}
  elsewhere: {external: true, name: net-elsewhere}
  everyones: {external: true, name: bridge}
`;

/** Of this process's own part of the range below those that the kernel gives away. */
const base = 10_000 + (process.pid % 4000) * 5;
const ports = [base, base + 1, base + 2];

let lab: ComposeLab;
let project: LabProject;
const sh = (service: string, script: string): Promise<string> => project.sh(service, script);
const reach = (from: string, to: string): Promise<string> =>
  sh(from, `ping -c1 -W3 ${to} >/dev/null 2>&1 && echo yes || echo no`);
const addresses = (service: string, name: string): Promise<string> =>
  sh(service, `nslookup ${name} 2>/dev/null | sed 1,3d | grep ^Address || true`);

beforeAll(async () => {
  lab = await startComposeLab();
  const text = ports.reduce((all, port, at) => all.replace(`PORT${at + 1}`, String(port)), COMPOSE);
  project = lab.project('net', text);
  project.ok(['network', 'create', 'net-elsewhere']);
  project.ok(['up', '-d']);
});
afterAll(() => lab?.close());

describe('names', () => {
  test('service, container and alias; all replicas under one name', async () => {
    expect(await reach('plain', 'web')).toBe('yes');
    expect(await reach('plain', 'net-web-1')).toBe('yes');
    expect((await addresses('plain', 'many')).split('\n')).toHaveLength(3);
    for (const name of ['frontal', 'two.names', 'both', 'linked'])
      expect(await reach('front-only', name)).toBe('yes');
    expect(await addresses('back-only', 'frontal')).toBe('');
  });

  test('extra_hosts, hostname', async () => {
    const hosts = await sh('hosts', 'cat /etc/hosts');
    expect(hosts).toMatch(/^10\.9\.8\.7\s+printer$/m);
    expect(hosts).toMatch(/^\d+\.\d+\.\d+\.\d+\s+gate$/m);
    expect(hosts).not.toContain('host-gateway');
    expect(await reach('hosts', 'gate')).toBe('yes');
    expect(await sh('hosts', 'hostname')).toBe('me');
  });

  test('dns_search and dns_opt; names of the project with dns servers of its own', async () => {
    const resolv = await sh('hosts', 'cat /etc/resolv.conf');
    expect(resolv).toMatch(/^search corp\.test$/m);
    expect(resolv).toMatch(/^options .*ndots:3/m);
    expect(await reach('hosts', 'web')).toBe('yes');
  });
});

describe('networks', () => {
  test('isolation: only what shares a network', async () => {
    const both = (await project.container('both')).endpoints.find((each) => each.network === 'net_front');
    expect(await reach('front-only', both?.ipv4 ?? '')).toBe('yes');
    const other = (await project.container('back-only')).endpoints[0]?.ipv4 ?? '';
    expect(await reach('front-only', other)).toBe('no');
    expect(await addresses('front-only', 'back-only')).toBe('');
    expect(await addresses('plain', 'front-only')).toBe('');
  });

  const ipv4 = async (service: string, name: string): Promise<string> =>
    sh(service, `ip -4 -o addr show ${name} | awk '{print $4}' | cut -d/ -f1`);

  test('subnet, gateway, ipv4_address, mac_address, mtu', async () => {
    const { endpoints } = await project.container('both');
    const back = endpoints.find((each) => each.network === 'net-own-name');
    expect(back).toMatchObject({ ipv4: '10.213.7.77', gateway: '10.213.7.9', ipv4PrefixLength: 24 });
    const front = endpoints.find((each) => each.network === 'net_front');
    expect(front?.mac).toBe('02:42:ac:11:65:43');
    expect(await sh('both', `cat /sys/class/net/${front?.interface}/address`)).toBe('02:42:ac:11:65:43');
    expect(await sh('both', `cat /sys/class/net/${front?.interface}/mtu`)).toBe('1400');
    expect(await ipv4('both', back?.interface ?? '')).toBe('10.213.7.77');
    expect(await reach('back-only', '10.213.7.9')).toBe('yes');
  });

  test('gw_priority says which network gives the default route', async () => {
    expect(await sh('gateway', "ip route | awk '/^default/ {print $3}'")).toBe('10.213.7.9');
  });

  test('internal has no way out', async () => {
    expect(await sh('inside-only', 'ip route | grep -c ^default || true')).toBe('0');
    expect(await reach('inside-only', 'both')).toBe('yes');
  });

  test('external, own name, labels', async () => {
    expect((await project.container('outsider')).endpoints[0]?.network).toBe('net-elsewhere');
    const names = project.ok(['network', 'ls', '--format', '{{.Name}}']);
    expect(names).toContain('net-own-name');
    expect(project.ok(['network', 'inspect', 'net_front'])).toContain('"com.example.side": "front"');
  });

  test('one that was made by hand is refused, by its name and with a hint', () => {
    project.ok(['network', 'create', 'theirs_n']);
    const theirs = lab.project(
      'theirs',
      'services: {a: {image: busybox, networks: [n]}}\nnetworks: {n: {}}\n',
    );
    const { code, stderr } = theirs.orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toContain('network theirs_n was not made by a project');
    expect(stderr).toContain('mark it external: true');
    project.ok(['network', 'rm', 'theirs_n']);
  });

  test('an external one that does not exist is refused', () => {
    const absent = lab.project(
      'absent',
      'services: {a: {image: busybox, networks: [n]}}\nnetworks: {n: {external: true}}\n',
    );
    const { code, stderr } = absent.orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/network n .*not|no .*network.* n/);
  });
});

describe('modes', () => {
  test('none, host, service, container', async () => {
    expect(await sh('alone', 'ls /sys/class/net')).toBe('lo');
    expect(await sh('host', 'readlink /proc/self/ns/net')).toBe(readlinkSync('/proc/self/ns/net'));
    const web = await sh('web', 'readlink /proc/self/ns/net');
    expect(await sh('joins', 'readlink /proc/self/ns/net')).toBe(web);
    expect(await sh('joins-container', 'readlink /proc/self/ns/net')).toBe(web);
    expect(await sh('joins', 'wget -qO- http://127.0.0.1:8080/')).toBe('page');
    expect(await reach('joins', 'many')).toBe('yes');
  });

  test('bridge, the network that every host has: alone, or as an external one beside others', async () => {
    const named = JSON.parse(project.ok(['network', 'inspect', 'bridge'])) as [
      { readonly IPAM: { readonly Config: readonly [{ readonly Gateway: string }] } },
    ];
    const [{ Gateway: gateway }] = named[0].IPAM.Config;
    const routes = (service: string): Promise<string> => sh(service, 'ip route show default');
    expect(await routes('local')).toContain(`via ${gateway} `);
    expect(await routes('amid')).toContain(`via ${gateway} `);
    expect(await reach('amid', 'both')).toBe('yes');
    const { endpoints } = await project.container('local');
    expect(await reach('amid', endpoints[0]?.ipv4 ?? '')).toBe('yes');
    // Another address may be its own after a stop: the one before was given back.
    project.ok(['restart', 'local', 'amid']);
    expect(await routes('local')).toContain(`via ${gateway} `);
    expect(await reach('amid', 'both')).toBe('yes');
  });
});

describe('ports', () => {
  test('tcp: short, long and a free one', async () => {
    const free = Number(project.ok(['port', 'web', '8080']).trim().split(':').at(-1));
    for (const port of [ports[0], ports[1]]) expect(await get(port as number)).toContain('page');
    expect(free).toBeGreaterThan(0);
    const published = (await project.container('web')).ports.map((each) => each.hostPort);
    expect(published).toEqual(expect.arrayContaining([ports[0], ports[1]]));
    for (const port of published) expect(await get(port as number)).toContain('page');
  });

  test('udp arrives, also where nobody listens', async () => {
    const unheard = async (): Promise<number> =>
      Number(await sh('datagrams', "awk '/^Udp:/ {count = $3} END {print count}' /proc/net/snmp"));
    const before = await unheard();
    await sendUdp(ports[2] as number, 'over udp');
    await expect.poll(unheard, { timeout: 20_000 }).toBe(before + 1);
    expect(project.ok(['port', '--protocol', 'udp', 'datagrams', '7777']).trim()).toBe(
      `127.0.0.1:${ports[2]}`,
    );
  });

  test('expose is said and opens nothing on the host', async () => {
    const { spec, ports: bindings } = await project.container('web');
    expect(spec.expose).toEqual(['8080/tcp', '9000/udp', '9001/udp']);
    expect(bindings.every((each) => each.containerPort === 8080)).toBe(true);
  });
});

describe('a network that changes under its containers', () => {
  const text = (network: string): string => `
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
services:
  a: {<<: *idle, networks: [n], ports: ["127.0.0.1::8080"]}
  b: {<<: *idle, networks: [n], deploy: {replicas: 2, update_config: {parallelism: 1, order: start-first}}}
  c: {<<: *idle, networks: [m]}
networks:
  n: ${network}
  m: {ipam: {config: [{subnet: 10.213.20.0/24}]}}
`;
  const subnet = (number: number): string => `{ipam: {config: [{subnet: 10.213.${number}.0/24}]}}`;
  /** Sandboxes that are made ahead, at most. */
  const POOL = 8;
  const seed = Number(process.env['ORC_SEED'] ?? 1);
  let moved: LabProject;

  const change = (network: string): void => moved.write('compose.yaml', text(network));
  /** Where a test begins, whatever the one before it left. */
  const put = async (number: number): Promise<void> => {
    change(subnet(number));
    moved.ok(['up', '-d']);
    await expectWhole(number);
  };
  const kept = async (): Promise<string | undefined> => (await moved.ids())['moved-c-1'];
  const reached = (from: string, to: string): Promise<string> =>
    moved.sh(from, `ping -c1 -W3 ${to} >/dev/null 2>&1 && echo yes || echo no`);
  /** Bridges of the instance with their addresses and ports. */
  const segments = (): readonly { readonly address: string; readonly ports: number }[] =>
    readdirSync('/sys/class/net')
      .filter((name) => name.startsWith(lab.instance.name) && existsSync(`/sys/class/net/${name}/bridge`))
      .map((name) => ({ address: addressOf(name), ports: readdirSync(`/sys/class/net/${name}/brif`).length }))
      .toSorted((one, other) => one.address.localeCompare(other.address));
  /** Cables that lead to no container, those of the pool among them. */
  const loose = (): readonly string[] =>
    readdirSync('/sys/class/net').filter(
      (name) => name.startsWith(`${lab.instance.name}v`) && !existsSync(`/sys/class/net/${name}/brport`),
    );
  const rules = (): string => spawnSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }).stdout;
  const isWhole = async (number: number): Promise<boolean> => {
    const { client } = lab.instance;
    const ids = Object.values(await moved.ids());
    const all = await Promise.all(ids.map((id) => client.getContainer(id).catch(() => undefined)));
    const on = all.filter((each) =>
      each?.endpoints.some(({ ipv4 }) => ipv4?.startsWith(`10.213.${number}.`)),
    );
    return all.length === 4 && on.length === 3 && all.every((each) => each?.status === 'running');
  };
  const expectWhole = async (number: number): Promise<void> => {
    expect(await isWhole(number)).toBe(true);
    // Names follow the reports of what runs.
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'moved-b-2'],
    ] as const)
      await expect.poll(() => reached(from, to), { timeout: 20_000 }).toBe('yes');
    expect(await moved.sh('a', 'ip -4 -o addr show eth0')).toContain(`10.213.${number}.`);
    const own = segments().filter(({ address }) => address.startsWith('10.213.'));
    expect(own.filter(({ address }) => !address.startsWith('10.213.7.'))).toEqual(
      [
        { address: `10.213.${number}.1/24`, ports: 3 },
        { address: '10.213.20.1/24', ports: 1 },
      ].toSorted((one, other) => one.address.localeCompare(other.address)),
    );
    for (const other of [30, 31, 32, 33].filter((each) => each !== number))
      expect(rules()).not.toContain(`10.213.${other}.`);
  };

  beforeAll(() => {
    moved = lab.project('moved', text(subnet(30)));
  });
  afterAll(() => moved?.orc(['down', '-t', '0']));

  test('another subnet, twice: its containers come back in it, those beside it go on', async () => {
    await put(30);
    const [before, count] = [await kept(), segments().length];
    for (const number of [31, 32]) {
      change(subnet(number));
      const plan = moved.ok(['up', '--dry-run']);
      expect(plan).toContain('recreate network moved_n: ipam.config changed');
      expect(plan).toContain('recreate container moved-a-1: networks.moved_n.ipam.config changed');
      await put(number);
      expect(segments().length).toBe(count);
    }
    expect(await kept()).toBe(before);
    expect(moved.ok(['up', '--dry-run'])).toContain('nothing would change');
  });

  test('internal, and back', async () => {
    await put(32);
    change('{internal: true, ipam: {config: [{subnet: 10.213.32.0/24}]}}');
    moved.ok(['up', '-d']);
    expect(await moved.sh('a', 'ip route | grep -c ^default || true')).toBe('0');
    await put(32);
    expect(await moved.sh('a', 'ip route | grep -c ^default || true')).toBe('1');
  });

  test('a container beside the project is in the way, by its name, until it ends', async () => {
    await put(32);
    onTestFinished(() => void moved.orc(['container', 'rm', '-f', 'guest']));
    moved.ok(['run', '-d', '--name', 'guest', 'a', 'sleep', '1000']);
    change(subnet(33));
    const { code, stderr } = moved.orc(['up', '-d']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/network moved_n cannot be recreated .*: guest\n/);
    expect(stderr).toContain('remove these containers');
    moved.ok(['container', 'kill', 'guest']);
    moved.ok(['container', 'wait', 'guest']);
    await put(33);
    moved.ok(['container', 'start', 'guest']);
    const [guest] = (await lab.instance.client.getContainer('guest')).endpoints;
    expect(guest?.ipv4).toMatch(/^10\.213\.33\./);
  });

  test('the daemon is killed after the answer, or at any instant after it', async () => {
    console.log(`ORC_SEED=${seed}`);
    await put(32);
    const random = seeded(seed);
    for (const [round, delayMs] of [0, ...Array.from({ length: 5 }, () => random() * 400)].entries()) {
      const number = 30 + (round % 3);
      await upOf(lab.instance.client, await composed('moved', text(subnet(number))));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await lab.instance.stop('SIGKILL');
      await lab.instance.start();
      const what = (): string => `round ${round}, ${delayMs} ms, ORC_SEED=${seed}: ${lab.instance.log()}`;
      await until(() => isWhole(number), what);
      await expectWhole(number);
      await expect.poll(() => loose().length, { timeout: 20_000 }).toBeLessThanOrEqual(POOL);
    }
  });
});

describe('a network that others are on', () => {
  const IDLE = '{image: busybox, command: sleep 1000, init: true, stop_grace_period: 0s, networks: [n]}';

  test.each(['a container', 'another project'])(
    'stays with %s, reachable, and is the project’s again',
    async (who) => {
      const first = lab.project('first', `services: {a: ${IDLE}}\nnetworks: {n: {}}\n`);
      first.ok(['up', '-d']);
      const second = lab.project(
        'second',
        `services: {b: ${IDLE}}\nnetworks: {n: {external: true, name: first_n}}\n`,
      );
      if (who === 'a container')
        second.ok([
          'container',
          'run',
          '-d',
          '--name',
          'visitor',
          '--network',
          'first_n',
          'busybox',
          'sleep',
          '1000',
        ]);
      else second.ok(['up', '-d']);
      const name = who === 'a container' ? 'visitor' : 'second-b-1';
      const down = first.orc(['down']);
      expect(down.code).toBe(0);
      expect(down.stderr).toContain(`network first_n is still in use by ${name}`);
      expect(down.stderr + down.stdout).not.toContain('Network first_n Removed');
      expect(
        second.ok([
          'container',
          'exec',
          name,
          'sh',
          '-c',
          'ping -c1 -W2 $(ip route | sed -n "s/^default via \\([^ ]*\\).*/\\1/p") >/dev/null && echo there',
        ]),
      ).toContain('there');
      first.ok(['up', '-d']);
      expect(
        await first.sh('a', `ping -c1 -W2 ${name === 'visitor' ? 'visitor' : 'b'} >/dev/null && echo there`),
      ).toBe('there');
      first.ok(['down', '-t', '0']);
      second.ok(name === 'visitor' ? ['container', 'rm', '-f', name] : ['down', '-t', '0']);
      expect(first.ok(['network', 'ls', '-q', '--filter', 'name=first_n'])).not.toBe('');
      first.ok(['down']);
      expect(first.ok(['network', 'ls', '-q', '--filter', 'name=first_n'])).toBe('');
    },
  );
});

const addressOf = (link: string): string =>
  spawnSync('ip', ['-4', '-o', 'addr', 'show', link], { encoding: 'utf8' }).stdout.split(/\s+/)[3] ?? '';

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    let said = '';
    socket.on('data', (chunk) => (said += String(chunk)));
    socket.on('end', () => resolve(said));
    socket.on('error', reject);
  });
}

const sendUdp = (port: number, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.send(text, port, '127.0.0.1', (error) => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
