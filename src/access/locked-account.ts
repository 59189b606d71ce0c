/** What a lock answers, whichever way somebody signs in. */
import type { AuthenticationOutcome } from './access.types.js';
import type { Lockout } from './lockout.js';

export interface Guessed {
  /** As the lock counts it, whether there is such an account or not. */
  readonly name: string;
  /** The account of ours by that name. */
  readonly account: { readonly name: string } | undefined;
}

/** Undefined while the account is open. */
export async function whileLocked(
  lockout: Lockout,
  { name, account }: Guessed,
): Promise<AuthenticationOutcome | undefined> {
  const retryAfterSeconds = await lockout.remaining(name);
  if (retryAfterSeconds === 0) return undefined;
  return { kind: 'locked', account: account?.name, retryAfterSeconds, begins: false };
}

/** Counts a wrong password; it may be the one that locks the account. */
export async function wrongPassword(
  lockout: Lockout,
  { name, account }: Guessed,
  reason?: string,
): Promise<AuthenticationOutcome> {
  if (!(await lockout.fail(name, account?.name)))
    return { kind: 'wrong', account: account?.name, reason };
  const retryAfterSeconds = await lockout.remaining(name);
  return { kind: 'locked', account: account?.name, retryAfterSeconds, begins: true };
}
