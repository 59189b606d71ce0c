/** Log, audit events, correlation ids. */
export { logAudit } from './audit-log.js';
export type { Log, LogFields } from './log.types.js';
export { createMetrics, type CmsStep, type Metrics } from './metrics.js';
export type { MetricSources } from './standing-gauges.js';
export { createLog, type LogOptions, type Telemetry } from './telemetry.js';
