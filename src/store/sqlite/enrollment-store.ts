import type {
  AuditFilter,
  AuditRecord,
  BacklogGroup,
  CertificateFilter,
  CertificateRecord,
  Conclusion,
  DueFilter,
  Durability,
  EnrollmentStore,
  Hold,
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import { appendAudit, searchAudit } from './audit-table.js';
import {
  certificateBySerial,
  certificateByThumbprint,
  insertCertificate,
  revokeCertificate,
  revokedCertificates,
  searchCertificates,
} from './certificate-table.js';
import { currentCount, nextCount } from './counter.js';
import type { Database } from './database.js';
import {
  backlogGroups,
  holdDueTransactions,
  holdTransaction,
  isAnythingDue,
  queuedTransactions,
} from './errand-table.js';
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

export class SqliteEnrollmentStore implements EnrollmentStore {
  readonly #db: Database;

  constructor(database: Database) {
    this.#db = database;
  }

  findTransaction(key: TransactionKey): Promise<TransactionRecord | undefined> {
    return this.#db.read(() => transactionByKey(this.#db, key));
  }

  findTransactions(profile: string, transactionId: string): Promise<readonly TransactionRecord[]> {
    return this.#db.read(() => transactionsOf(this.#db, profile, transactionId));
  }

  findByChallenge(
    profile: string,
    challengeId: string,
    requestDigest: string,
  ): Promise<TransactionRecord | undefined> {
    return this.#db.read(() =>
      transactionByChallenge(this.#db, profile, challengeId, requestDigest),
    );
  }

  transaction(id: TransactionRowId): Promise<TransactionRecord | undefined> {
    return this.#db.read(() => transactionById(this.#db, id));
  }

  open(
    record: TransactionRecord,
    audit: AuditRecord | undefined,
    supersedes?: TransactionRowId,
    durability?: Durability,
  ): Promise<TransactionRecord> {
    return this.#db.write(() => {
      const standing = transactionByKey(this.#db, record.key);
      if (standing && standing.id !== supersedes) return standing;
      if (standing) removeTransaction(this.#db, standing.id);
      insertTransaction(this.#db, record);
      if (audit) appendAudit(this.#db, audit);
      return record;
    }, durability);
  }

  conclude(conclusion: Conclusion): Promise<boolean> {
    return this.#db.write(() => {
      if (!updateState(this.#db, conclusion)) return false;
      const { certificate, audit } = conclusion;
      if (certificate) insertCertificate(this.#db, certificate);
      if (audit) appendAudit(this.#db, audit);
      return true;
    });
  }

  abandon(id: TransactionRowId, audit: AuditRecord): Promise<boolean> {
    return this.#db.write(() => {
      const isGone = removeUnanswered(this.#db, id);
      if (isGone) appendAudit(this.#db, audit);
      return isGone;
    });
  }

  hold(id: TransactionRowId, hold: Hold, now: Date): Promise<TransactionRecord | undefined> {
    return this.#db.write(() => holdTransaction(this.#db, id, hold, now));
  }

  isAnythingDue(now: Date): Promise<boolean> {
    return this.#db.read(() => isAnythingDue(this.#db, now));
  }

  holdDue(filter: DueFilter, hold: Hold): Promise<readonly TransactionRecord[]> {
    return this.#db.write(() => holdDueTransactions(this.#db, filter, hold));
  }

  backlog(): Promise<readonly BacklogGroup[]> {
    return this.#db.read(() => backlogGroups(this.#db));
  }

  queuedBefore(before: Date, limit: number): Promise<readonly TransactionRecord[]> {
    return this.#db.read(() => queuedTransactions(this.#db, before, limit));
  }

  pending(filter: PendingFilter): Promise<readonly TransactionRecord[]> {
    return this.#db.read(() => pendingTransactions(this.#db, filter));
  }

  countPending(profile: string): Promise<number> {
    return this.#db.read(() => countPending(this.#db, profile));
  }

  certificate(thumbprint: string): Promise<CertificateRecord | undefined> {
    return this.#db.read(() => certificateByThumbprint(this.#db, thumbprint));
  }

  certificateBySerial(
    issuerDigest: string,
    serial: string,
  ): Promise<CertificateRecord | undefined> {
    return this.#db.read(() => certificateBySerial(this.#db, issuerDigest, serial));
  }

  certificates(filter: CertificateFilter, now: Date): Promise<readonly CertificateRecord[]> {
    return this.#db.search(() => searchCertificates(this.#db, filter, now));
  }

  addCertificate(record: CertificateRecord): Promise<void> {
    return this.#db.write(() => insertCertificate(this.#db, record));
  }

  revoke(thumbprint: string, reason: number, audit: AuditRecord): Promise<boolean> {
    return this.#db.write(() => {
      if (!revokeCertificate(this.#db, thumbprint, reason, audit.at)) return false;
      nextCount(this.#db, revocations);
      appendAudit(this.#db, audit);
      return true;
    });
  }

  revoked(issuerDigest: string): Promise<readonly CertificateRecord[]> {
    return this.#db.read(() => revokedCertificates(this.#db, issuerDigest));
  }

  revocationVersion(): Promise<number> {
    return this.#db.read(() => currentCount(this.#db, revocations));
  }

  appendAudit(record: AuditRecord): Promise<void> {
    return this.#db.write(() => appendAudit(this.#db, record));
  }

  audit(filter: AuditFilter): Promise<readonly AuditRecord[]> {
    return this.#db.search(() => searchAudit(this.#db, filter));
  }
}
