export { openEvents } from './host/events.ts';
export { readLog } from './host/log.ts';
export { encodeRecord, scanRecords, STREAM, timeOf } from './plan/records.ts';
export { type LogText, renderRecords, stampOf } from './plan/render.ts';
export type { EventStream, LogQuery, ReadLog, WatchOptions } from './types.ts';
