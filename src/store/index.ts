/**
 * Durable state behind interfaces: SQLite by default, PostgreSQL; for challenges alone Redis, or node-cache in one
 * process. What stands on a server has a door of its own, and so has the upkeep of databases.
 */
export { challengeState } from './challenge-state.js';
export type {
  ChallengeBinding,
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
  Reservation,
} from './challenge-store.js';
export type { PostgresConnection } from './postgres/connection.js';
export type { RedisConnection } from './redis/connection.js';
export type { ChallengeServer } from './redis/open.js';
export type { RedisReport } from './redis/server-report.js';
export { openSqliteStores } from './sqlite/open.js';
export { takeServingPlace } from './sqlite/serving-place.js';
export { openSettingsReader } from './sqlite/settings-reader.js';
export type { Leases } from './leases.js';
export type { SealedTexts } from './sealed-texts.js';
export type { KeptKind, RetentionStore } from './retention-store.js';
export type { Tally, TallyOrder, TallyStore } from './tally-store.js';
export type { SettingsReader, SharedStores, SharedView, Stores } from './stores.js';
export type { Migration, Verification } from './verification.js';
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
