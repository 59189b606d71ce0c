/** A line of the audit trail as columns, and columns as a line. */
import { GatewayError } from '../../errors/index.js';
import type { AuditRecord } from '../transaction-store.js';
import type { Row } from './row.js';
import type { Columns } from './statement.js';

/** Where a text is looked for. */
export const searchedInAudit = [
  'subject',
  'transaction_id',
  'challenge_id',
  'correlation_id',
  'key_id',
  'client_address',
  'actor',
  'event',
  'code',
  'reason',
];

export function auditColumns(record: AuditRecord): Columns {
  return {
    at: record.at,
    event: record.event,
    correlation_id: record.correlationId,
    profile: record.profile,
    transaction_id: record.transactionId,
    challenge_id: record.challengeId,
    subject: record.subject,
    key_id: record.keyId,
    client_address: record.clientAddress,
    actor: record.actor,
    outcome: record.outcome,
    code: record.code,
    reason: record.reason,
  };
}

export function auditFromRow(row: Row): AuditRecord {
  return {
    at: row.date('at'),
    event: row.text('event'),
    correlationId: row.text('correlation_id'),
    profile: row.textOrNone('profile'),
    transactionId: row.textOrNone('transaction_id'),
    challengeId: row.textOrNone('challenge_id'),
    subject: row.textOrNone('subject'),
    keyId: row.textOrNone('key_id'),
    clientAddress: row.textOrNone('client_address'),
    actor: row.textOrNone('actor'),
    outcome: outcomeOf(row.text('outcome')),
    code: row.textOrNone('code'),
    reason: row.textOrNone('reason'),
  };
}

function outcomeOf(text: string): AuditRecord['outcome'] {
  switch (text) {
    case 'ok':
    case 'pending':
    case 'refused':
    case 'error':
      return text;
    default:
      throw new GatewayError('internal', 'The audit trail holds a record that cannot be read.', {
        detail: `no such outcome: ${text}`,
      });
  }
}
