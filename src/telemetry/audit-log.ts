import type { Log } from './log.types.js';

/** One decision as the store keeps it (`AuditRecord` of src/store), by its shape. */
export interface LoggableAudit {
  readonly at: Date;
  /** Stable event name: the message of the line. */
  readonly event: string;
  readonly correlationId: string;
  readonly profile: string | undefined;
  readonly transactionId: string | undefined;
  readonly challengeId: string | undefined;
  readonly subject: string | undefined;
  readonly keyId: string | undefined;
  readonly clientAddress: string | undefined;
  readonly actor: string | undefined;
  readonly outcome: 'ok' | 'pending' | 'refused' | 'error';
  readonly code: string | undefined;
  readonly reason: string | undefined;
}

/** Writes an audit record to the log too, at level info; `audit: true` tells these lines from others. */
export function logAudit(log: Log, record: LoggableAudit): void {
  const { event, ...fields } = record;
  log.info(event, { audit: true, ...fields });
}
