/** Places that strangers share, so that one who takes all he can get leaves some to the others. */
export interface Shares {
  /** Whether the holder may have another one. */
  has(holder: string): boolean;
  /** The same question about a part of the places that others count: `free` of them, `taken` in all. */
  leaves(holder: string, free: number, taken: number): boolean;
  /** Takes one without asking; returns what gives it back, once. */
  take(holder: string): () => void;
  readonly taken: number;
}

/** How many times the free places one holder may have. */
const share = 3;

/**
 * A holder gets another place while it has less than three times as many as are free: one alone gets
 * three quarters, two together six sevenths, and whoever holds none needs only one that is free.
 */
export function createShares(places: number): Shares {
  const held = new Map<string, number>();
  let taken = 0;
  const leaves = (own: number, free: number) => own < share * free;
  return {
    has: (holder) => leaves(held.get(holder) ?? 0, places - taken),
    // Which of the places a holder has are of that part, nobody counts: never more than there are.
    leaves: (holder, free, inPart) => leaves(Math.min(held.get(holder) ?? 0, inPart), free),
    take(holder) {
      taken += 1;
      held.set(holder, (held.get(holder) ?? 0) + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        taken -= 1;
        const left = (held.get(holder) ?? 1) - 1;
        if (left === 0) held.delete(holder);
        else held.set(holder, left);
      };
    },
    get taken() {
      return taken;
    },
  };
}
