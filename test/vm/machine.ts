/** A virtual machine that runs one job and ends. Emulated, so that it needs nothing of the host's processor. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const built = join(import.meta.dirname, 'build');
const MEMORY_MB = 1536;
const PROCESSORS = 2;
/** Shown of the console when something fails. */
const CONSOLE_LINES_MAX = 100;

export type Machine = {
  /** Lines that the job reports, until the machine ends. */
  readonly reports: AsyncIterable<string>;
  /** What kernel and pid 1 said, the last lines. */
  console(): string;
  /** Ends it, also while it runs; resolves when qemu is gone. */
  end(): Promise<void>;
};

export type Boot = {
  /** A tar that becomes /orc. */
  readonly disk: string;
  /** A file to be made: what kernel and pid 1 say. */
  readonly consoleFile: string;
  /** Ended by force after it. */
  readonly limitMs: number;
};

export function bootMachine(boot: Boot): Machine {
  const qemu = spawn('qemu-system-x86_64', argsOf(boot), { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  qemu.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  const gone = new Promise<void>((resolve) => {
    qemu.once('close', () => resolve());
    qemu.once('error', (error) => {
      complaint += error.message;
      resolve();
    });
  });
  const timer = setTimeout(() => qemu.kill('SIGKILL'), boot.limitMs);
  void gone.then(() => clearTimeout(timer));
  return {
    reports: createInterface({ input: qemu.stdout }),
    console: () => `${complaint}${tail(boot.consoleFile)}`,
    end: async () => {
      qemu.kill('SIGKILL');
      await gone;
    },
  };
}

function tail(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
  return lines.slice(-CONSOLE_LINES_MAX).join('\n');
}

const KERNEL = 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on net.ifnames=0';

const argsOf = ({ disk, consoleFile }: Boot): string[] => {
  const options: readonly (readonly string[])[] = [
    ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max', '-M', 'q35'],
    ['-m', String(MEMORY_MB), '-smp', String(PROCESSORS)],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-kernel', join(built, 'vmlinuz'), '-initrd', join(built, 'initrd.gz'), '-append', KERNEL],
    ['-serial', `file:${consoleFile}`, '-serial', 'stdio'],
    // What the machine writes goes to a file that is gone when qemu is.
    ['-drive', `file=${join(built, 'root.ext4')},if=none,id=d0,format=raw,snapshot=on`],
    ['-device', 'virtio-blk-pci,drive=d0'],
    ['-drive', `file=${disk},if=none,id=d1,format=raw,readonly=on`, '-device', 'virtio-blk-pci,drive=d1'],
    ['-device', 'virtio-rng-pci'],
  ];
  return options.flat();
};
