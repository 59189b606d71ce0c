/** Challenges of requests that pass through to another server: only that knows what became of them. */
const mark = 'relay:';

/** Names who holds the challenge, where no transaction of ours stands behind it. */
export function relayReservation(attempt: string): string {
  return `${mark}${attempt}`;
}

export function isRelayReservation(transaction: string): boolean {
  return transaction.startsWith(mark);
}
