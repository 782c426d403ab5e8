export { familiarName, parseReference, type Reference } from './plan/reference.ts';
export { removeTree } from './store/durable.ts';
export { tryLock } from './layer/syscalls.ts';
export { openImageStore } from './store/open.ts';
export type * from './types.ts';
