/** The command line, as its users start it, on a project with limits. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, groupFile } from './case.ts';

const COMPOSE = `
name: shop
services:
  web:
    image: busybox
    command: ["sh", "-c", "exec httpd -f -p 80 -h /etc"]
    scale: 2
    deploy:
      resources:
        limits: { cpus: "0.5", memory: 48M, pids: 20 }
  asker:
    image: busybox
    command: ["sleep", "1000"]
    init: true
`;

export const PROJECT: readonly Case[] = [
  {
    name: 'up writes a service’s limits to each of its containers, which are found by name; down removes all',
    run: async (instance) => {
      const cwd = mkdtempSync(join(tmpdir(), 'orc-shop-'));
      const orc = (...args: readonly string[]): string => {
        const { code, stdout, stderr } = instance.orc(args, { cwd });
        assert.equal(code, 0, `orc ${args.join(' ')}: ${stderr}${stdout}`);
        return stdout;
      };
      try {
        writeFileSync(join(cwd, 'compose.yaml'), COMPOSE);
        orc('up', '-d');
        const webs = await instance.client.listContainers({ all: true, filters: { name: ['web'] } });
        assert.equal(webs.length, 2);
        for (const { id } of webs) {
          const files = ['cpu.max', 'memory.max', 'pids.max'];
          const values = files.map((file) => groupFile(instance, id, file));
          assert.deepEqual(values, ['50000 100000', String(48 * 2 ** 20), '20']);
        }
        const answers = orc('exec', '-T', 'asker', 'nslookup', 'web').match(/^Address: [\d.]+$/gm);
        assert.equal(new Set(answers).size, 2);
        orc('down');
        assert.deepEqual(await instance.client.listContainers({ all: true }), []);
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
  },
];
