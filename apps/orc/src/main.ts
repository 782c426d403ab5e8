/** The entry: runs the command line and ends the process with its code, once all output was taken. */
import { processIo } from './cli/io.ts';
import { runCli } from './cli/run.ts';

void main();

async function main(): Promise<void> {
  // A reader that left (`orc logs | head`) wants no more and no complaint.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const code = await runCli(process.argv.slice(2), processIo());
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(code);
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
