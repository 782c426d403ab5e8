/** Counters of a container from the texts of cgroup files. A file that is not there is '' and counts as nothing. */

/** Of the fields of `Stats`, those that a cgroup has. */
export type CgroupStats = {
  readonly cpuNs: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
};

/** `read` gives the text of `controller`'s `file`. Memory is without the page cache that can go at once, as docker's. */
export function statsV1(
  read: (controller: string, file: string) => string,
  memoryTotalBytes: number,
): CgroupStats {
  const memory = keyed(read('memory', 'memory.stat'));
  const used = number(read('memory', 'memory.usage_in_bytes'));
  const io = read('blkio', 'blkio.throttle.io_service_bytes_recursive');
  return {
    cpuNs: number(read('cpuacct', 'cpuacct.usage')),
    memoryBytes: Math.max(0, used - (memory['total_inactive_file'] ?? 0)),
    memoryLimitBytes: limit(read('memory', 'memory.limit_in_bytes'), memoryTotalBytes),
    pids: number(read('pids', 'pids.current')),
    blockReadBytes: sum(io, / Read (\d+)$/gm),
    blockWriteBytes: sum(io, / Write (\d+)$/gm),
  };
}

export function statsV2(read: (file: string) => string, memoryTotalBytes: number): CgroupStats {
  const used = number(read('memory.current'));
  const io = read('io.stat');
  return {
    cpuNs: (keyed(read('cpu.stat'))['usage_usec'] ?? 0) * 1000,
    memoryBytes: Math.max(0, used - (keyed(read('memory.stat'))['inactive_file'] ?? 0)),
    memoryLimitBytes: limit(read('memory.max'), memoryTotalBytes),
    pids: number(read('pids.current')),
    blockReadBytes: sum(io, / rbytes=(\d+)/g),
    blockWriteBytes: sum(io, / wbytes=(\d+)/g),
  };
}

/** Nanoseconds that all processors together have spent, idle or not: the first line of /proc/stat, in ticks of 10 ms. */
export function systemCpuNs(procStat: string): number {
  const [, ...ticks] = (procStat.split('\n', 1)[0] ?? '').trim().split(/\s+/);
  return ticks.slice(0, 8).reduce((total, each) => total + Number(each), 0) * 1e7;
}

/** From /proc/meminfo. */
export const memoryTotal = (meminfo: string): number => sum(meminfo, /^MemTotal:\s+(\d+) kB$/gm) * 1024;

function keyed(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const [key = '', value] = line.split(' ');
      return [key, Number(value)];
    }),
  );
}

const number = (text: string): number => Number(text.trim()) || 0;
/** `max`, or v1's nine quintillion, is the host's memory. */
const limit = (text: string, total: number): number => Math.min(number(text) || total, total);
const sum = (text: string, pattern: RegExp): number =>
  [...text.matchAll(pattern)].reduce((total, [, digits]) => total + Number(digits), 0);
