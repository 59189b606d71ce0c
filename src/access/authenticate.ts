import type { IncomingMessage } from 'node:http';
import type { AuthenticationOutcome, Authenticator, ClientAddress } from './access.types.js';

export interface Authentication {
  readonly outcome: AuthenticationOutcome;
  /** `WWW-Authenticate` values of every scheme that is on, each to be sent as a field of its own. */
  readonly challenges: readonly string[];
}

/** The first scheme the request carries credentials of decides. */
export async function authenticate(
  authenticators: readonly Authenticator[],
  request: IncomingMessage,
  address: ClientAddress,
): Promise<Authentication> {
  const challenges = authenticators.map(({ challenge }) => challenge);
  for (const authenticator of authenticators) {
    const outcome = await authenticator.authenticate(request, address);
    if (outcome) return { outcome, challenges };
  }
  return { outcome: { kind: 'missing' }, challenges };
}
