/** The entry: runs the command line and ends the process with its code, once all output was taken. */
import { processIo } from './cli/io.ts';
import { runCli } from './cli/run.ts';

void main();

async function main(): Promise<void> {
  process.on('uncaughtException', leave);
  const outputs = new Set<NodeJS.WriteStream>();
  const code = await runCli(wordsGiven(), processIo(outputs));
  await Promise.all([...outputs].map(drained));
  process.exit(code);
}

/** Without the marks that bin/orc put before words that node would have taken for its own. */
function wordsGiven(): readonly string[] {
  const words = process.argv.slice(2);
  if (process.env['ORC_WORDS'] !== 'marked') return words;
  delete process.env['ORC_WORDS'];
  return words.map((word) => word.slice(1));
}

/** A reader that left (`orc logs | head`) wants no more and no complaint. */
function leave(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0);
  console.error(error);
  process.exit(1);
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
