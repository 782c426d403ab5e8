/** The entry: runs the command line and ends the process with its code, once all output was taken. */
import { processIo } from './cli/io.ts';
import { runCli } from './cli/run.ts';

void main();

async function main(): Promise<void> {
  process.on('uncaughtException', leave);
  const outputs = new Set<NodeJS.WriteStream>();
  const code = await runCli(process.argv.slice(2), processIo(outputs));
  await Promise.all([...outputs].map(drained));
  process.exit(code);
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
