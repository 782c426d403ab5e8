/** The command line as its users see it: one case is one session with a daemon of its own. */
import { join } from 'node:path';
import { goldenSuite, type GoldenCase } from '../../../test/golden/golden.ts';
import { FIXTURES, openTerminal, words } from './cli.ts';

/** Each line of the body is a command; the answer is what it printed, and its code unless that is 0. */
async function session({ body, args }: GoldenCase): Promise<string> {
  await using terminal = await openTerminal();
  const cwd = join(FIXTURES, args['in'] ?? 'shop');
  const shown: string[] = [];
  for (const line of body.split('\n')) {
    const { both, code } = await terminal.run(words(line), { cwd, uid: Number(args['uid'] ?? 0) });
    shown.push(
      `$ orc ${line}`,
      ...(both === '' ? [] : [both.trimEnd()]),
      ...(code === 0 ? [] : [`-> ${code}`]),
    );
  }
  return shown
    .join('\n')
    .replaceAll(FIXTURES, '$FIXTURES')
    .replaceAll(terminal.door.folder, '$RUN')
    .replace(/config-hash=[0-9a-f]{64}/g, 'config-hash=…');
}

goldenSuite(join(import.meta.dirname, 'golden'), { session });
