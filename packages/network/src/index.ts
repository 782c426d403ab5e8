export { openNetwork } from './host/open.ts';
export { foreignRoutes } from './host/present.ts';
export { explain } from './plan/explain.ts';
export type * from './types.ts';
