/** Started with a descriptor of the host's root that nobody closes: says as JSON where it came along. */
import { readdirSync } from 'node:fs';
import { ATTACH_OUT, collect, IDLE, openFixture, shell } from './fixture.ts';

const open = (pid: number | string): readonly string[] => readdirSync(`/proc/${pid}/fd`);
const LIST = 'echo $(ls /proc/self/fd)';

const fixture = await openFixture();
try {
  const { launcherPid } = await fixture.runtime.info();
  const first = await fixture.runtime.start(fixture.request(shell(LIST), { attach: ATTACH_OUT }));
  const { out: run } = await collect(first.attachment);
  const idle = await fixture.runtime.start(fixture.request(IDLE));
  const exec = await idle.exec({ argv: ['sh', '-c', LIST], tty: false, attach: ATTACH_OUT });
  const { out } = await collect(exec.attachment);
  const folder = await idle
    .exec({ argv: ['ls'], tty: false, attach: ATTACH_OUT, workingDir: '/proc/self/fd/9' })
    .then(
      () => 'entered',
      () => 'refused',
    );
  const said = { launcher: open(launcherPid).includes('9'), run: run.trim(), exec: out.trim(), folder };
  console.log(JSON.stringify({ daemon: open('self').includes('9'), ...said }));
} finally {
  await fixture.close();
}
