/** What a look at a whole database found. It changes nothing. */
export interface Verification {
  /** `SQLite 3.50.4`, `PostgreSQL 15.18 (Debian …)`. */
  readonly engine: string;
  readonly schema: number;
  readonly records: Readonly<Record<string, number>>;
  readonly checks: readonly VerifiedCheck[];
}

export interface VerifiedCheck {
  readonly name: string;
  /** What does not hold; undefined when all is well. */
  readonly fault: string | undefined;
}

/** From one schema version to another; 0: there was no database. */
export interface Migration {
  readonly from: number;
  readonly to: number;
}

export function countedCheck(name: string, exceptions: number): VerifiedCheck {
  return { name, fault: exceptions === 0 ? undefined : `not so for ${exceptions}` };
}
