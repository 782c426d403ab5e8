import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, openFixture, runShell } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

/** What reading the kernel's messages takes, so that only the device rules decide. */
const capAdd = ['SYSLOG'];

test('a device of the host under a name of its own, and nothing else of it', async () => {
  const devices = [{ source: '/dev/kmsg', target: '/dev/messages', permissions: 'r' }];
  const line = 'head -c 1 /dev/messages >/dev/null && echo read; ls /dev/kmsg 2>/dev/null; true';
  expect((await runShell(fixture, line, { devices, capAdd })).out).toBe('read\n');
  const write = await runShell(fixture, 'echo x > /dev/messages', { devices, capAdd });
  expect(write).toMatchObject({ code: 1, err: expect.stringContaining('Operation not permitted') });
});

test('permissions are those of their own device, also behind one that is there anyway', async () => {
  const devices = [
    { source: '/dev/null', target: '/dev/null', permissions: 'rwm' },
    { source: '/dev/zero', target: '/dev/messages', permissions: 'rwm' },
    { source: '/dev/kmsg', target: '/dev/messages', permissions: 'r' },
  ];
  const line = 'head -c 1 /dev/messages >/dev/null && echo read; echo x > /dev/messages';
  expect(await runShell(fixture, line, { devices, capAdd })).toMatchObject({
    code: 1,
    out: 'read\n',
    err: expect.stringContaining('Operation not permitted'),
  });
});

test('fuse may be made, not opened, unless it is given', async () => {
  const line = 'mknod /tmp/fuse c 10 229 && echo made; : < /tmp/fuse';
  const { out, err } = await runShell(fixture, line);
  expect(out).toBe('made\n');
  expect(err).toContain('Operation not permitted');
  const { err: given } = await runShell(fixture, line, { deviceCgroupRules: ['c 10:229 r'] });
  expect(given).not.toContain('Operation not permitted');
});

test('without it the same node is made, and not opened', async () => {
  const made = await runShell(fixture, 'mknod /k c 1 11 && echo made; head -c 1 /k', { capAdd });
  expect(made).toMatchObject({ out: 'made\n', code: 1 });
});

test('a privileged container has the host’s devices, and may open them', async () => {
  const { out } = await runShell(fixture, 'head -c 1 /dev/kmsg >/dev/null && echo read', {
    privileged: true,
  });
  expect(out).toBe('read\n');
});

test('what is no device is refused', async () => {
  const devices = [{ source: '/etc/passwd', target: '/dev/x', permissions: 'rwm' }];
  await expect(fixture.runtime.start(fixture.request({ devices }))).rejects.toThrow('no device /etc/passwd');
});

test('groups by number and by name', async () => {
  const { out } = await runShell(fixture, 'id -G', { user: 'app', groupAdd: ['3000', 'root'] });
  expect(
    out
      .trim()
      .split(' ')
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual([0, 1001, 2000, 3000]);
});
