export { familiarName, parseReference, type Reference } from './plan/reference.ts';
export { openImageStore } from './store/open.ts';
export type * from './types.ts';
