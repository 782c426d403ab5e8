export { openRuntime } from './host/runtime.ts';
export { signalNumber } from './host/signals.ts';
export * from './types.ts';
