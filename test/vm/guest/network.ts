/** Published ports, names and isolation, on a kernel that loads what the rules need. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Client } from '@orc/api/client';
import type { ContainerId, ContainerSpec } from '@orc/model';
import { execIn, idle, sh, startNew } from '../../lab/engine.ts';
import { type Instance, until } from '../../lab/instance.ts';
import { type Case, revive } from './case.ts';

/** An address of the host that is not 127.0.0.1. */
const HOST = '198.51.100.1';

const on = (network: string, aliases: readonly string[] = []): Partial<ContainerSpec> => ({
  networkMode: { kind: 'networks', attachments: [{ network, aliases }] },
});
const server = (says: string, more: Partial<ContainerSpec> = {}): ContainerSpec =>
  sh(`echo ${says} > /tmp/index.html; exec httpd -f -p 80 -h /tmp`, more);

async function answers(url: string): Promise<string> {
  let said = '';
  await until(async () => {
    said = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    return said !== '';
  }, `${url} to answer`);
  return said.trim();
}

async function withNetwork(
  { client }: Instance,
  name: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  await client.createNetwork(name, { driver: 'bridge' });
  try {
    await work(client);
  } finally {
    for (const { id } of await client.listContainers({ all: true }))
      await client.removeContainer(id, { force: true });
    await client.removeNetwork(name);
  }
}

/** By `nc`: the wget of Debian's static busybox dies of SIGSEGV. */
const ask = (client: Client, id: ContainerId, host: string, port: number) =>
  execIn(client, id, ['sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${host} ${port}`]);

async function fetched(client: Client, id: ContainerId, host: string, port = 80): Promise<string> {
  let last = await ask(client, id, host, port);
  await until(
    async () => {
      if (!last.stdout.includes('200 OK')) last = await ask(client, id, host, port);
      return last.stdout.includes('200 OK');
    },
    () => `${host}:${port} to answer: ${JSON.stringify(last)}`,
  );
  return last.stdout.trim().split('\n').at(-1) ?? '';
}

/** By `nslookup`, which asks by itself: a static busybox has no resolver of glibc. */
async function resolved(client: Client, id: ContainerId, name: string): Promise<string> {
  const { stdout, stderr } = await execIn(client, id, ['nslookup', name]);
  const address = /^Name:.*\nAddress: ([\d.]+)$/m.exec(stdout)?.[1];
  assert.ok(address !== undefined, `${stdout}${stderr}`);
  return address;
}

export const NETWORK: readonly Case[] = [
  {
    name: 'a published port answers at 127.0.0.1 and at the host’s own address',
    run: async ({ client }) => {
      const ports = [{ containerPort: 80, protocol: 'tcp', hostPort: 8080 }] as const;
      await startNew(client, server('published', { ports }));
      assert.equal(await answers('http://127.0.0.1:8080/'), 'published');
      spawnSync('ip', ['link', 'add', 'outside', 'type', 'dummy']);
      try {
        spawnSync('ip', ['addr', 'add', `${HOST}/24`, 'dev', 'outside']);
        spawnSync('ip', ['link', 'set', 'outside', 'up']);
        assert.equal(await answers(`http://${HOST}:8080/`), 'published');
      } finally {
        spawnSync('ip', ['link', 'del', 'outside']);
      }
    },
  },
  {
    name: 'containers of one network find each other by name and alias',
    run: (instance) =>
      withNetwork(instance, 'front', async (client) => {
        await startNew(client, server('found', on('front', ['web'])), 'server');
        const asker = await startNew(client, idle(on('front')));
        for (const name of ['server', 'web']) {
          const address = await resolved(client, asker, name);
          assert.equal(await fetched(client, asker, address), 'found');
        }
      }),
  },
  {
    name: 'a container of another network does not get through, and does not know the name',
    run: (instance) =>
      withNetwork(instance, 'front', async (client) => {
        const id = await startNew(client, server('hidden', on('front')), 'server');
        const [endpoint] = (await client.getContainer(id)).endpoints ?? [];
        const stranger = await startNew(client, idle());
        await assert.rejects(resolved(client, stranger, 'server'), /NXDOMAIN|can't/);
        const friend = await startNew(client, idle(on('front')));
        const { ipv4 = '' } = endpoint ?? {};
        assert.equal(await fetched(client, friend, ipv4), 'hidden');
        assert.equal((await ask(client, stranger, ipv4, 80)).stdout, '');
      }),
  },
  {
    name: 'a container reaches a published port of another by the host’s gateway',
    run: async ({ client }) => {
      const ports = [{ containerPort: 80, protocol: 'tcp', hostPort: 8081 }] as const;
      await startNew(client, server('around', { ports }));
      const asker = await startNew(client, idle());
      const [endpoint] = (await client.getContainer(asker)).endpoints ?? [];
      assert.equal(await fetched(client, asker, endpoint?.gateway ?? '', 8081), 'around');
    },
  },
  {
    name: 'a port answers again after the daemon was killed',
    run: async (instance) => {
      const ports = [{ containerPort: 80, protocol: 'tcp', hostPort: 8082 }] as const;
      await startNew(instance.client, server('again', { ports }));
      await instance.stop('SIGKILL');
      await revive(instance);
      assert.equal(await answers('http://127.0.0.1:8082/'), 'again');
    },
  },
];
