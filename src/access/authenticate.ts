import type { IncomingMessage } from 'node:http';
import type { AuthenticationOutcome, Authenticator, ClientAddress } from './access.types.js';
import type { PresentedCertificate } from './client-certificate/presented-certificate.js';

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
  certificate?: PresentedCertificate,
): Promise<Authentication> {
  const challenges = authenticators.flatMap(({ challenge }) =>
    challenge === undefined ? [] : [challenge],
  );
  for (const authenticator of authenticators) {
    const outcome = await authenticator.authenticate(request, address, certificate);
    if (outcome) return { outcome, challenges };
  }
  return { outcome: { kind: 'missing' }, challenges };
}
