import type { Request, Response } from 'express';
import {
  authenticate,
  originText,
  type AuthenticationOutcome,
  type Authenticator,
  type Principal,
  type Role,
} from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';

/** Who signed in. The function throws GatewayError `http.unauthorized` with the headers of the 401 set. */
export type SignIn = (request: Request, response: Response) => Promise<Principal>;

export function createSignIn(
  deps: Pick<HttpDeps, 'audit' | 'clock' | 'log'>,
  exchanges: Exchanges,
  authenticators: readonly Authenticator[],
): SignIn {
  return async (request, response) => {
    const exchange = exchanges.of(request);
    const { outcome, challenges } = await authenticate(
      authenticators,
      request,
      exchange.address,
      exchange.clientCertificate,
    );
    if (outcome.kind === 'authenticated') {
      exchange.account = outcome.principal.account;
      return outcome.principal;
    }
    // Fleet asks without credentials first, so that is worth no record; nor are the echoes of a lock.
    const begins = outcome.kind === 'locked' && outcome.begins;
    if (outcome.kind === 'wrong' || begins) {
      await deps.audit({
        at: deps.clock(),
        event: begins ? 'access.locked' : 'access.denied',
        correlationId: exchange.correlationId,
        profile: undefined,
        transactionId: undefined,
        challengeId: undefined,
        subject: undefined,
        keyId: undefined,
        clientAddress: originText(exchange.origin),
        actor: outcome.account,
        outcome: 'refused',
        code: 'http.unauthorized',
        reason: failureText(outcome),
      });
    } else if (outcome.kind === 'locked') {
      deps.log.warn('sign-in refused: the account is locked', { account: outcome.account });
    }
    response.setHeader('WWW-Authenticate', challenges);
    throw new GatewayError('http.unauthorized', 'Sign in with an account of the gateway.');
  };
}

function failureText(
  outcome: Extract<AuthenticationOutcome, { kind: 'wrong' | 'locked' }>,
): string {
  if (outcome.kind === 'wrong') return outcome.reason ?? 'Wrong account or password.';
  return `Account locked for ${outcome.retryAfterSeconds} s after failed sign-ins.`;
}

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return principal.roles.includes('admin') || roles.some((role) => principal.roles.includes(role));
}
