export { openImageStore } from './store/open.ts';
export type * from './types.ts';
