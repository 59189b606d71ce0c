/** A lease as of now. Who does not hold it sees by whom it is held. */
export interface Lease {
  readonly isHeld: boolean;
  readonly holder: string;
  /** Grows whenever the lease changes hands. */
  readonly term: number;
  /** Left of it, milliseconds. */
  readonly millisLeft: number;
  /** What the clock of the database is ahead of ours for certain: 0 where the way to it explains it. */
  readonly clockAheadMillis: number;
}

/**
 * What only one process may do at a time. A lease ends by the clock of the database, whatever becomes of
 * its holder: he may be dead, cut off or asleep. So who does something under a lease that must not happen
 * twice makes sure of it by a compare and swap, or looks at what is left right before.
 */
export interface Leases {
  /** Takes it if it is free, has ended, or is held by `holder` already, for `millis` from now on. */
  take(name: string, holder: string, millis: number): Promise<Lease>;
  /** Gives it up before its time; nothing where another holds it. */
  release(name: string, holder: string): Promise<void>;
}
