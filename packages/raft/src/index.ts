export { createCore, step } from './core/core.ts';
export type * from './core/types.ts';
export { fileDisk } from './disk/files.ts';
export { type DiskOperation, type Fault, type MemoryDisk, memoryDisk } from './disk/memory.ts';
export { openLog } from './log.ts';
export * from './types.ts';
