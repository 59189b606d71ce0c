/** How often something happened in a window of time that all gateways share. */
export interface Tally {
  readonly key: string;
  readonly used: number;
  /** Until the window ends. */
  readonly millisLeft: number;
}

export interface TallyOrder {
  readonly key: string;
  readonly by: number;
  readonly windowMillis: number;
  /** The window begins anew, as a lock does, and what was counted stays. */
  readonly restarts: boolean;
}

/** Counts that several gateways add to; by the clock of the database. */
export interface TallyStore {
  /** Adds to each, which are different; one whose window has ended begins anew. */
  add(orders: readonly TallyOrder[]): Promise<readonly Tally[]>;
  /** What was changed by anybody in the last `millis` and whose window lasts, most used first. */
  changed(millis: number, limit: number): Promise<readonly Tally[]>;
  /** Drops those whose window has ended. */
  prune(): Promise<void>;
}
