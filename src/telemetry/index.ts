/** Log, audit events, correlation ids. */
export { logAudit, type LoggableAudit } from './audit-log.js';
export type { Log, LogFields, LogValue } from './log.types.js';
export { createLog, type LogOptions, type Telemetry } from './telemetry.js';
