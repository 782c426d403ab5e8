/** Devices: on v2 a program in the kernel decides, not a file. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import type { ContainerSpec } from '@orc/model';
import { execIn, idle, runToEnd, sh, startNew } from '../../lab/engine.ts';
import type { Case } from './case.ts';

/** The machine's root: opening it takes no capability, so that only the rules can refuse it. */
const DISK = '/dev/vda';
const OPEN = 'try() { if ( eval ": $1" ) 2>/tmp/why; then echo yes; else sed "s/.*: //" /tmp/why; fi; }';
const DENIED = 'Operation not permitted';
const READ_AND_WRITE = `try "< ${DISK}"; try ">> ${DISK}"`;

const diskNumbers = (): readonly [major: number, minor: number] => {
  const { rdev } = statSync(DISK);
  return [rdev >> 8, rdev & 0xff];
};

const attempts = (
  name: string,
  script: string,
  says: string,
  more: () => Partial<ContainerSpec> = () => ({}),
): Case => ({
  name,
  run: async ({ client }) => {
    const { stdout } = await runToEnd(client, sh(`${OPEN}\n${script}`, more()));
    assert.equal(stdout, says);
  },
});

const given = (permissions: string) => (): Partial<ContainerSpec> => ({
  devices: [{ source: DISK, target: DISK, permissions }],
});

export const DEVICES: readonly Case[] = [
  attempts(
    'the devices that every container has open',
    'for each in null zero full random urandom; do try "< /dev/$each"; done; try "> /dev/null"',
    'yes\n'.repeat(6),
  ),
  {
    name: 'a node of another device is made, and not opened',
    run: async ({ client }) => {
      const [major, minor] = diskNumbers();
      const make = `mknod ${DISK} b ${major} ${minor} && mknod /dev/kmsg c 1 11`;
      const { stdout } = await runToEnd(
        client,
        sh(`${OPEN}\n${make} && ${READ_AND_WRITE}; try "> /dev/kmsg"`),
      );
      assert.equal(stdout, `${DENIED}\n`.repeat(3));
    },
  },
  attempts('a device for reading is not written', READ_AND_WRITE, `yes\n${DENIED}\n`, given('r')),
  attempts('a device for writing is not read', READ_AND_WRITE, `${DENIED}\nyes\n`, given('w')),
  attempts('a device of the spec is read and written', READ_AND_WRITE, 'yes\nyes\n', given('rwm')),
  attempts(
    'a rule lets a device in that has no node yet, and none beside it',
    'mknod /tmp/kmsg c 1 11; try "> /tmp/kmsg"; mknod /tmp/other c 10 124; try "> /tmp/other"',
    `yes\n${DENIED}\n`,
    () => ({ deviceCgroupRules: ['c 1:11 wm'] }),
  ),
  attempts(
    'a rule without numbers stands for all of its kind',
    `mknod /tmp/kmsg c 1 11; try "> /tmp/kmsg"; mknod /tmp/disk b 254 0; try "< /tmp/disk"`,
    `yes\n${DENIED}\n`,
    () => ({ deviceCgroupRules: ['c *:* rwm'] }),
  ),
  attempts(
    'a privileged container opens every device',
    `try "> /dev/kmsg"; ${READ_AND_WRITE}`,
    'yes\n'.repeat(3),
    () => ({
      privileged: true,
    }),
  ),
  {
    name: 'what exec starts is under the same rules',
    run: async ({ client }) => {
      const id = await startNew(client, idle());
      const script = `${OPEN}\nmknod /tmp/kmsg c 1 11; try "> /tmp/kmsg"; try "< /dev/null"`;
      assert.equal((await execIn(client, id, ['sh', '-c', script])).stdout, `${DENIED}\nyes\n`);
    },
  },
];
