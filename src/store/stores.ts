import type { ChallengeStore } from './challenge-store.js';
import type { SettingsStore } from './settings-store.js';
import type { EnrollmentStore } from './transaction-store.js';

/** The three stores of one database. */
export interface Stores {
  readonly challenges: ChallengeStore;
  readonly enrollments: EnrollmentStore;
  readonly settings: SettingsStore;
  /** Lets what is under way be written, then closes the database; a second call does nothing. */
  close(): Promise<void>;
}

/** Settings to look at, beside a gateway that runs or without one. */
export interface SettingsReader extends Pick<SettingsStore, 'get'> {
  close(): Promise<void>;
}
