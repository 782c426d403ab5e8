export { openDaemon } from './daemon.ts';
