export { openNetwork } from './host/open.ts';
export { explain } from './plan/explain.ts';
export type * from './types.ts';
