import type { ChallengeStore } from './challenge-store.js';
import type { Leases } from './leases.js';
import type { RetentionStore } from './retention-store.js';
import type { SealedTexts } from './sealed-texts.js';
import type { SettingsStore } from './settings-store.js';
import type { TallyStore } from './tally-store.js';
import type { EnrollmentStore } from './transaction-store.js';

/** Hears of what the database does by itself, which no call could tell. */
export interface UpkeepListener {
  failed(fault: unknown): void;
  worked(): void;
}

/** The stores of one database. */
export interface Stores {
  readonly challenges: ChallengeStore;
  readonly enrollments: EnrollmentStore;
  readonly settings: SettingsStore;
  readonly retention: RetentionStore;
  /** Of a file: the write-ahead log is brought into it from time to time. One listener. */
  readonly listen?: (listener: UpkeepListener) => void;
  /** Lets what is under way be written, then closes the database; a second call does nothing. */
  close(): Promise<void>;
}

/** Of a database that several gateways may share. */
export interface SharedStores extends Stores {
  readonly sealed: SealedTexts;
  readonly leases: Leases;
  readonly tallies: TallyStore;
  /** Names where the records are; another one when they were put there from a copy. */
  readonly place: () => Promise<string>;
}

/** Settings to look at, beside a gateway that runs or without one. */
export interface SettingsReader extends Pick<SettingsStore, 'get'> {
  close(): Promise<void>;
}

/** The same of a database that several gateways may share. */
export interface SharedView extends SettingsReader {
  readonly sealed: SealedTexts;
}
