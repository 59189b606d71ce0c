import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import {
  authenticate,
  originText,
  type AuthenticationOutcome,
  type Authenticator,
  type Principal,
  type Role,
  type SignInChannel,
} from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpAuditRecord, HttpDeps } from './http.types.js';
import { createRecordLimit } from './record-limit.js';

/**
 * Who signed in. The function throws GatewayError `http.unauthorized` with the headers of the 401 set, and
 * `http.rate` for an address that failed too often.
 *
 * 429 and not 503 for that: parsers of the admin page take both for "no password", but load balancers take
 * a node that answers 503 out of service or repeat the request at the next one.
 */
export type SignIn = (request: Request, response: Response) => Promise<Principal>;

type Refusal = Exclude<AuthenticationOutcome, { readonly kind: 'authenticated' | 'continue' }>;

export function createSignIn(
  deps: Pick<HttpDeps, 'audit' | 'clock' | 'log' | 'signInBrake'> & {
    readonly channel: (request: IncomingMessage) => SignInChannel;
  },
  exchanges: Exchanges,
  authenticators: readonly Authenticator[],
): SignIn {
  const mayRecord = createRecordLimit();

  async function record(
    exchange: Exchange,
    facts: Pick<HttpAuditRecord, 'event' | 'actor' | 'code' | 'reason'>,
  ): Promise<void> {
    const { correlationId } = exchange;
    // Certificates that are refused are not braked as passwords are.
    if (!(await mayRecord(originText(exchange.origin)))) {
      const { actor: account, reason } = facts;
      deps.log.debug('sign-in refused', { correlationId, account, reason });
      return;
    }
    await deps.audit({
      at: deps.clock(),
      correlationId,
      profile: undefined,
      transactionId: undefined,
      challengeId: undefined,
      subject: undefined,
      keyId: undefined,
      clientAddress: originText(exchange.origin),
      outcome: 'refused',
      ...facts,
    });
  }

  /** Fleet asks without credentials first, so that is worth no record; nor are the echoes of a lock. */
  async function recordRefusal(exchange: Exchange, outcome: Refusal): Promise<void> {
    if (outcome.kind === 'missing') return;
    const actor = outcome.account;
    if (outcome.kind === 'wrong') {
      const { reason = 'Wrong account or password.' } = outcome;
      await record(exchange, { event: 'access.denied', actor, code: 'http.unauthorized', reason });
    } else if (outcome.begins) {
      const reason = `Account locked for ${outcome.retryAfterSeconds} s after failed sign-ins.`;
      await record(exchange, { event: 'access.locked', actor, code: 'http.unauthorized', reason });
    } else {
      const { correlationId } = exchange;
      deps.log.warn('sign-in refused: the account is locked', { correlationId, account: actor });
    }
  }

  return async (request, response) => {
    const exchange = exchanges.of(request);
    refuseSeveralCredentials(request);
    const { outcome, challenges, stoppedSeconds } = await deps.signInBrake.attempt(
      originText(exchange.origin),
      request.headers.authorization,
      () =>
        authenticate(authenticators, request, {
          certificate: exchange.clientCertificate,
          channel: deps.channel(request),
        }),
    );
    if (outcome.kind === 'authenticated') {
      exchange.account = outcome.principal.account;
      if (outcome.completion !== undefined) {
        response.setHeader('WWW-Authenticate', outcome.completion);
      }
      return outcome.principal;
    }
    if (outcome.kind === 'continue') {
      response.setHeader('WWW-Authenticate', outcome.challenge);
      throw unauthorized();
    }
    await recordRefusal(exchange, outcome);
    if (stoppedSeconds !== undefined) {
      const reason = `Address stopped for ${stoppedSeconds} s after failed sign-ins.`;
      const event = 'access.stopped';
      await record(exchange, { event, actor: undefined, code: 'http.rate', reason });
    }
    response.setHeader('WWW-Authenticate', challenges);
    throw unauthorized();
  };
}

/** Which of them counts, the next program on the way would have to guess (RFC 9110 §5.3). */
function refuseSeveralCredentials({ rawHeaders }: IncomingMessage): void {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.filter((name) => /^authorization$/i.test(name)).length > 1) {
    throw new GatewayError('http.message', 'The request has more than one Authorization header.');
  }
}

function unauthorized(): GatewayError {
  return new GatewayError('http.unauthorized', 'Sign in with an account of the gateway.');
}

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return principal.roles.includes('admin') || roles.some((role) => principal.roles.includes(role));
}
