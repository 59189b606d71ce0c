import type { IncomingMessage } from 'node:http';
import type { AuthenticationOutcome, Authenticator, Caller } from './access.types.js';

export interface Authentication {
  readonly outcome: AuthenticationOutcome;
  /** `WWW-Authenticate` values of every scheme that is offered, each to be sent as a field of its own. */
  readonly challenges: readonly string[];
}

/** The first scheme the request carries credentials of decides. */
export async function authenticate(
  authenticators: readonly Authenticator[],
  request: IncomingMessage,
  caller: Caller,
): Promise<Authentication> {
  const challenges = authenticators.flatMap((authenticator) => {
    const { challenge } = authenticator;
    const offered = authenticator.isOffered?.(caller.channel) ?? true;
    return challenge === undefined || !offered ? [] : [challenge];
  });
  for (const authenticator of authenticators) authenticator.heed?.(request);
  for (const authenticator of authenticators) {
    const outcome = await authenticator.authenticate(request, caller);
    if (outcome) return { outcome, challenges };
  }
  return { outcome: { kind: 'missing' }, challenges };
}
