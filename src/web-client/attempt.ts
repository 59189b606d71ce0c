/** One try to get a request through on a connection, and what can become of it. */
import type { Connection, LegOutcome } from './connection.js';
import type { OfferedScheme } from './offered-schemes.js';
import type { WebOutcome, WebRequest } from './web-client.types.js';

/** A request on its way, as a sign-in needs it. */
export interface Errand {
  readonly request: WebRequest;
  readonly connection: Connection;
  /** Sends the request with this Authorization, `body` or not. */
  leg(authorization: string | undefined, content: 'whole' | 'without-body'): Promise<LegOutcome>;
}

/** What became of one scheme: an end, or a 401 that may offer others. */
export type Attempt =
  | { readonly kind: 'done'; readonly outcome: WebOutcome }
  | { readonly kind: 'refused'; readonly answer: Answer };

export type Answer = Extract<LegOutcome, { kind: 'answered' }>;

/** Sends all of the request; a 401 is for the caller. */
export async function whole(errand: Errand, authorization: string | undefined): Promise<Attempt> {
  // A ticket takes its time, and servers close what says nothing.
  if (!errand.connection.isOpen()) return done(unreachable('the server closed the connection'));
  const leg = await errand.leg(authorization, 'whole');
  if (leg.kind === 'lost') return done(lostWhole(leg));
  return leg.status === 401 ? { kind: 'refused', answer: leg } : done(answered(leg));
}

/** The server wants no sign-in: what it answered stands, unless the body was still here. */
export async function goOnUnasked(errand: Errand, answer: Answer): Promise<Attempt> {
  if (errand.request.body === undefined) return done(answered(answer));
  return errand.connection.isOpen() ? whole(errand, undefined) : done(connectionEnded);
}

/** Lost in a leg that kept the body back: of a POST nothing that could be carried out was sent. */
export function lostBefore(
  { request }: Errand,
  leg: Extract<LegOutcome, { kind: 'lost' }>,
): WebOutcome {
  if (leg.certificateRefused || request.body === undefined) return lostWhole(leg);
  return unreachable(leg.reason);
}

function lostWhole(leg: Extract<LegOutcome, { kind: 'lost' }>): WebOutcome {
  if (leg.certificateRefused) return certificateRefused();
  return { kind: 'unknown', phase: leg.phase, reason: leg.reason };
}

export function certificateRefused(): WebOutcome {
  return {
    kind: 'login-refused',
    scheme: 'client-certificate',
    offered: [],
    reason: 'the server wants a client certificate, or another one than ours',
  };
}

function answered({ status, headers, body }: Answer): WebOutcome {
  return { kind: 'answered', status, headers, body };
}

export function done(outcome: WebOutcome): Attempt {
  return { kind: 'done', outcome };
}

export function unreachable(reason: string): WebOutcome {
  return { kind: 'unreachable', phase: 'sign-in', reason };
}

export const connectionEnded = unreachable(
  'the server ends the connection after each answer, so no sign-in of several legs is possible',
);

export function tokenOf(offered: readonly OfferedScheme[], name: string): Buffer | undefined {
  return offered.find(({ scheme, token }) => token && scheme === name.toLowerCase())?.token;
}
