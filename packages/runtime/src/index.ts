export { openRuntime } from './host/runtime.ts';
export * from './types.ts';
