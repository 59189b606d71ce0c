/** Log, audit events, correlation ids. */
export { logAudit } from './audit-log.js';
export type { Log, LogFields } from './log.types.js';
export { createMetrics, type CmsStep, type Metrics, type MetricSources } from './metrics.js';
export { createLog, type LogOptions, type Telemetry } from './telemetry.js';
