/** Log, audit events, correlation ids. */
export type { Log, LogFields } from './log.types.js';
