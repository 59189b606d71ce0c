import { GatewayError } from '../../errors/index.js';
import type {
  AuditFilter,
  AuditRecord,
  BacklogGroup,
  CertificateFilter,
  CertificateRecord,
  Conclusion,
  DueFilter,
  EnrollmentStore,
  Hold,
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import { appendAudit, auditClause, searchAudit } from './audit-table.js';
import {
  certificateBySerial,
  certificateByThumbprint,
  certificateClauses,
  insertCertificate,
  revokeCertificate,
  revokedCertificates,
  searchCertificates,
} from './certificate-table.js';
import { currentCount, nextCount } from './counter.js';
import type { PostgresDatabase } from './database.js';
import {
  backlogGroups,
  holdDueTransactions,
  holdTransaction,
  isAnythingDue,
  queuedTransactions,
} from './errand-table.js';
import { withClauses } from './insert-when.js';
import type { Session } from './session.js';
import {
  countPending,
  insertTransaction,
  pendingTransactions,
  removeTransaction,
  removeUnanswered,
  transactionByChallenge,
  transactionById,
  transactionByKey,
  transactionsOf,
  updateState,
} from './transaction-table.js';

const revocations = 'store.revocations';
/** A row that stood in the way and was gone when looked for: again, but not for ever. */
const OPEN_ATTEMPTS = 10;

export class PostgresEnrollmentStore implements EnrollmentStore {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  findTransaction(key: TransactionKey): Promise<TransactionRecord | undefined> {
    return this.#db.session((session) => transactionByKey(session, key));
  }

  findTransactions(profile: string, transactionId: string): Promise<readonly TransactionRecord[]> {
    return this.#db.session((session) => transactionsOf(session, profile, transactionId));
  }

  findByChallenge(
    profile: string,
    challengeId: string,
    requestDigest: string,
  ): Promise<TransactionRecord | undefined> {
    return this.#db.session((session) =>
      transactionByChallenge(session, profile, challengeId, requestDigest),
    );
  }

  transaction(id: TransactionRowId): Promise<TransactionRecord | undefined> {
    return this.#db.session((session) => transactionById(session, id));
  }

  open(
    record: TransactionRecord,
    audit: AuditRecord | undefined,
    supersedes?: TransactionRowId,
  ): Promise<TransactionRecord> {
    // One statement is a transaction of its own.
    return supersedes === undefined
      ? this.#db.session((session) => openTransaction(session, record, audit))
      : this.#db.transaction(async (session) => {
          await removeTransaction(session, supersedes, record.key);
          return openTransaction(session, record, audit);
        });
  }

  conclude(conclusion: Conclusion): Promise<boolean> {
    const { certificate, audit } = conclusion;
    const { sql, params } = withClauses([
      ['concluded', updateState(conclusion)],
      ...(certificate ? certificateClauses('concluded', certificate) : []),
      ...(audit ? [auditClause('concluded', audit)] : []),
    ]);
    return this.#db.session(async (session) => {
      const row = await session.one(`${sql} SELECT count(*) AS n FROM concluded`, ...params);
      return row.integer('n') > 0;
    });
  }

  abandon(id: TransactionRowId, audit: AuditRecord): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      const isGone = await removeUnanswered(session, id);
      if (isGone) await appendAudit(session, audit);
      return isGone;
    });
  }

  hold(id: TransactionRowId, hold: Hold, now: Date): Promise<TransactionRecord | undefined> {
    return this.#db.session((session) => holdTransaction(session, id, hold, now));
  }

  isAnythingDue(now: Date): Promise<boolean> {
    return this.#db.session((session) => isAnythingDue(session, now));
  }

  holdDue(filter: DueFilter, hold: Hold): Promise<readonly TransactionRecord[]> {
    return this.#db.session((session) => holdDueTransactions(session, filter, hold));
  }

  backlog(): Promise<readonly BacklogGroup[]> {
    return this.#db.session(backlogGroups);
  }

  queuedBefore(before: Date, limit: number): Promise<readonly TransactionRecord[]> {
    return this.#db.session((session) => queuedTransactions(session, before, limit));
  }

  pending(filter: PendingFilter): Promise<readonly TransactionRecord[]> {
    return this.#db.session((session) => pendingTransactions(session, filter));
  }

  countPending(profile: string): Promise<number> {
    return this.#db.session((session) => countPending(session, profile));
  }

  certificate(thumbprint: string): Promise<CertificateRecord | undefined> {
    return this.#db.session((session) => certificateByThumbprint(session, thumbprint));
  }

  certificateBySerial(
    issuerDigest: string,
    serial: string,
  ): Promise<CertificateRecord | undefined> {
    return this.#db.session((session) => certificateBySerial(session, issuerDigest, serial));
  }

  certificates(filter: CertificateFilter, now: Date): Promise<readonly CertificateRecord[]> {
    return this.#db.session((session) => searchCertificates(session, filter, now));
  }

  addCertificate(record: CertificateRecord): Promise<void> {
    return this.#db.session((session) => insertCertificate(session, record));
  }

  revoke(thumbprint: string, reason: number, audit: AuditRecord): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      if (!(await revokeCertificate(session, thumbprint, reason, audit.at))) return false;
      await appendAudit(session, audit);
      // Last: until the commit every other revocation waits for this row.
      await nextCount(session, revocations);
      return true;
    });
  }

  revoked(issuerDigest: string): Promise<readonly CertificateRecord[]> {
    return this.#db.session((session) => revokedCertificates(session, issuerDigest));
  }

  revocationVersion(): Promise<number> {
    return this.#db.session((session) => currentCount(session, revocations));
  }

  appendAudit(record: AuditRecord): Promise<void> {
    return this.#db.session((session) => appendAudit(session, record));
  }

  audit(filter: AuditFilter): Promise<readonly AuditRecord[]> {
    return this.#db.session((session) => searchAudit(session, filter));
  }
}

/** Of several processes with one key the insert lets one through. */
async function openTransaction(
  session: Session,
  record: TransactionRecord,
  audit: AuditRecord | undefined,
): Promise<TransactionRecord> {
  const { sql, params } = withClauses([
    ['opened', insertTransaction(record)],
    ...(audit ? [auditClause('opened', audit)] : []),
  ]);
  for (let attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
    const opened = await session.one(`${sql} SELECT count(*) AS n FROM opened`, ...params);
    if (opened.integer('n') > 0) return record;
    const standing = await transactionByKey(session, record.key);
    if (standing) return standing;
  }
  throw new GatewayError('store.unavailable', 'The transaction is opened and dropped elsewhere.');
}
