/** Durable state behind interfaces: SQLite by default, node-cache for challenges in one process. */
export { challengeState } from './challenge-state.js';
export type {
  ChallengeBinding,
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
} from './challenge-store.js';
export { createMemoryChallengeStore } from './memory/challenge-store.js';
export { openSqliteStores, type SqliteStores } from './sqlite/open.js';
export { openSettingsReader, type SettingsReader } from './sqlite/settings-reader.js';
export type {
  AuditRecord,
  BacklogGroup,
  CertificateRecord,
  Durability,
  EnrollmentStore,
  Errand,
  Hold,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
  TransactionState,
} from './transaction-store.js';
export type { AccountRecord, ApiTokenRecord, SettingsStore } from './settings-store.js';
