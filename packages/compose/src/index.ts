export type * from './compose-model.ts';
export { LIMITS } from './limits.ts';
export { loadProject } from './plan/load.ts';
export { renderJson, renderYaml } from './render.ts';
export { type Resolved, resolveProject } from './resolve.ts';
export type { Fact, LoadInput, LoadOptions, LoadResult, Need } from './types.ts';
