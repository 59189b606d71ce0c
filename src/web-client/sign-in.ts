/** Which scheme is used, and the legs of each: on one connection, the body only where it may be carried out. */
import type { GatewayError } from '../errors/index.js';
import { isGatewayError } from '../errors/index.js';
import { createNtlmClient } from '../ntlm/index.js';
import type { Connection, LegOutcome } from './connection.js';
import { offeredSchemes, type OfferedScheme } from './offered-schemes.js';
import type {
  GssInitiator,
  WebCredential,
  WebOutcome,
  WebRequest,
  WebScheme,
} from './web-client.types.js';

/** A request on its way, as `createSignIn` needs it. */
export interface Errand {
  readonly request: WebRequest;
  readonly connection: Connection;
  /** Sends the request with this Authorization, `body` or not. */
  leg(authorization: string | undefined, content: 'whole' | 'without-body'): Promise<LegOutcome>;
}

/** Takes a request through whatever the server asks for. */
export type SignIn = (errand: Errand) => Promise<WebOutcome>;

type Answer = Extract<LegOutcome, { kind: 'answered' }>;
type Credential<K extends WebScheme> = Extract<WebCredential, { kind: K }>;

/** What became of one scheme: an end, or a 401 that may offer others. */
type Attempt =
  | { readonly kind: 'done'; readonly outcome: WebOutcome }
  | { readonly kind: 'refused'; readonly answer: Answer };

const strongestFirst = ['negotiate', 'ntlm', 'basic'] as const;

export function createSignIn(options: {
  readonly credentials: readonly WebCredential[];
  /** Host of the origin, for service names. */
  readonly host: string;
  readonly hasClientCertificate: boolean;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
}): SignIn {
  const { credentials, host, hasClientCertificate, clock, random } = options;
  /** What worked last: asking again first would cost a round trip each time. */
  let usual: WebScheme | undefined = credentials.length === 1 ? credentials[0]?.kind : undefined;

  return async (errand) => {
    const { connection } = errand;
    if (connection.signedIn || credentials.length === 0) {
      const first = await whole(errand, undefined);
      if (first.kind === 'done') return first.outcome;
      connection.signedIn = false;
      return signInAs(errand, offeredSchemes(first.answer.rawHeaders));
    }
    if (usual !== undefined) return attemptUsual(errand, usual);
    const offers = await ask(errand);
    return 'outcome' in offers ? offers.outcome : signInAs(errand, offers.offered);
  };

  async function attemptUsual(errand: Errand, scheme: WebScheme): Promise<WebOutcome> {
    const attempt = await attemptWith(errand, scheme, undefined);
    if (attempt.kind === 'done') return attempt.outcome;
    const offered = offeredSchemes(attempt.answer.rawHeaders);
    // Servers are set up anew: what is no longer offered was not refused.
    return isOffered(scheme, offered)
      ? refused(scheme, offered)
      : signInAs(errand, offered, scheme);
  }

  /** @param tried has just failed */
  async function signInAs(
    errand: Errand,
    offered: readonly OfferedScheme[],
    tried?: WebScheme,
  ): Promise<WebOutcome> {
    const scheme = strongestFirst.find(
      (kind) => kind !== tried && credentialOf(kind) !== undefined && isOffered(kind, offered),
    );
    if (scheme === undefined) return noneOfOurs(offered);
    if (!errand.connection.isOpen()) return connectionEnded;
    const attempt = await attemptWith(errand, scheme, offered);
    if (attempt.kind === 'refused') {
      return refused(scheme, offeredSchemes(attempt.answer.rawHeaders));
    }
    if (attempt.outcome.kind === 'answered') usual = scheme;
    return attempt.outcome;
  }

  function attemptWith(
    errand: Errand,
    scheme: WebScheme,
    offered: readonly OfferedScheme[] | undefined,
  ): Promise<Attempt> {
    const basic = scheme === 'basic' ? credentialOf('basic') : undefined;
    if (basic) return whole(errand, basicAuthorization(basic));
    const ntlm = scheme === 'ntlm' ? credentialOf('ntlm') : undefined;
    if (ntlm) return withNtlm(errand, ntlm, offered);
    const negotiate = credentialOf('negotiate');
    if (negotiate) return withNegotiate(errand, negotiate);
    throw new RangeError(`there is no credential for ${scheme}`);
  }

  function credentialOf<K extends WebScheme>(kind: K): Credential<K> | undefined {
    return credentials.find((one): one is Credential<K> => one.kind === kind);
  }

  /** Three legs (MS-NTHT); raw NTLM in `Negotiate` where IIS offers only that. */
  async function withNtlm(
    errand: Errand,
    credential: Credential<'ntlm'>,
    offered: readonly OfferedScheme[] | undefined,
  ): Promise<Attempt> {
    const isNamed = offered === undefined || offered.some(({ scheme }) => scheme === 'ntlm');
    const name = isNamed ? 'NTLM' : 'Negotiate';
    const client = createNtlmClient(credential, {
      targetName: `HTTP/${host}`,
      channelBinding: errand.connection.channelBinding,
      clock,
      random,
    });
    const first = await errand.leg(
      `${name} ${client.negotiate().toString('base64')}`,
      'without-body',
    );
    if (first.kind === 'lost') return done(lostBefore(errand, first));
    if (first.status !== 401) return goOnUnasked(errand, first);
    const offeredNow = offeredSchemes(first.rawHeaders);
    const token = tokenOf(offeredNow, name);
    if (token === undefined) {
      const other = name === 'NTLM' && offeredNow.some(({ scheme }) => scheme === 'negotiate');
      const named = offeredNow.some(({ scheme }) => scheme === 'ntlm');
      if (!other || named || !errand.connection.isOpen()) return { kind: 'refused', answer: first };
      return withNtlm(errand, credential, offeredNow);
    }
    if (!errand.connection.isOpen()) return done(connectionEnded);
    const message = readable(() => client.authenticate(token).message);
    if ('fault' in message) return done(unreachable(message.fault.message));
    const last = await whole(errand, `${name} ${message.value.toString('base64')}`);
    if (last.kind === 'done' && last.outcome.kind === 'answered') {
      errand.connection.signedIn = last.outcome.headers['persistent-auth'] !== 'false';
    }
    return last;
  }

  /** As a rule one leg (RFC 4559 §4.1), so the body goes along; a 401 says that it was not carried out. */
  async function withNegotiate(
    errand: Errand,
    credential: Credential<'negotiate'>,
  ): Promise<Attempt> {
    const { initiators, spn = `HTTP/${host}` } = credential;
    const { channelBinding } = errand.connection;
    let initiator: GssInitiator | undefined;
    try {
      initiator = await initiators.create({ spn, channelBinding });
      return await negotiate(errand, initiator);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      return done(unreachable(error.message));
    } finally {
      initiator?.close();
    }
  }

  async function negotiate(errand: Errand, initiator: GssInitiator): Promise<Attempt> {
    let token = await initiator.step(undefined);
    for (let legs = 0; ; legs++) {
      const authorization = `Negotiate ${(token ?? Buffer.alloc(0)).toString('base64')}`;
      const attempt = await whole(errand, authorization);
      if (attempt.kind === 'done') {
        const { outcome } = attempt;
        if (outcome.kind !== 'answered') return attempt;
        const doubt = await mutualDoubt(initiator, outcome);
        return doubt === undefined
          ? attempt
          : done({ kind: 'unknown', phase: 'answer', reason: doubt });
      }
      const next = tokenOf(offeredSchemes(attempt.answer.rawHeaders), 'Negotiate');
      if (next === undefined || legs === mostLegs || !errand.connection.isOpen()) return attempt;
      token = await initiator.step(next);
      if (token === undefined) return attempt;
    }
  }

  function noneOfOurs(offered: readonly OfferedScheme[]): WebOutcome {
    const names = offered.map(({ scheme }) => scheme);
    const what = names.length === 0 ? 'no scheme' : names.join(', ');
    return {
      kind: 'login-refused',
      scheme: credentials.length === 0 && hasClientCertificate ? 'client-certificate' : undefined,
      offered: names,
      reason: `the server wants a sign-in and offers ${what}, for which there are no credentials`,
    };
  }
}

const mostLegs = 5;

/** Sends all of the request; a 401 is for the caller. */
async function whole(errand: Errand, authorization: string | undefined): Promise<Attempt> {
  const leg = await errand.leg(authorization, 'whole');
  if (leg.kind === 'lost') return done(lostWhole(leg));
  return leg.status === 401 ? { kind: 'refused', answer: leg } : done(answered(leg));
}

/** What is there to sign in with? The body stays here meanwhile. */
async function ask(
  errand: Errand,
): Promise<{ readonly offered: readonly OfferedScheme[] } | { readonly outcome: WebOutcome }> {
  const leg = await errand.leg(undefined, 'without-body');
  if (leg.kind === 'lost') return { outcome: lostBefore(errand, leg) };
  if (leg.status === 401) return { offered: offeredSchemes(leg.rawHeaders) };
  const attempt = await goOnUnasked(errand, leg);
  return attempt.kind === 'done'
    ? { outcome: attempt.outcome }
    : { offered: offeredSchemes(attempt.answer.rawHeaders) };
}

/** The server wants no sign-in: what it answered stands, unless the body was still here. */
async function goOnUnasked(errand: Errand, answer: Answer): Promise<Attempt> {
  if (errand.request.body === undefined) return done(answered(answer));
  return errand.connection.isOpen() ? whole(errand, undefined) : done(connectionEnded);
}

/** Lost in a leg that kept the body back: of a POST nothing that could be carried out was sent. */
function lostBefore({ request }: Errand, leg: Extract<LegOutcome, { kind: 'lost' }>): WebOutcome {
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

function refused(scheme: WebScheme, offered: readonly OfferedScheme[]): WebOutcome {
  return {
    kind: 'login-refused',
    scheme,
    offered: offered.map((offer) => offer.scheme),
    reason: `the server refuses the account by ${scheme}`,
  };
}

function answered({ status, headers, body }: Answer): WebOutcome {
  return { kind: 'answered', status, headers, body };
}

function done(outcome: WebOutcome): Attempt {
  return { kind: 'done', outcome };
}

function unreachable(reason: string): WebOutcome {
  return { kind: 'unreachable', phase: 'sign-in', reason };
}

const connectionEnded = unreachable(
  'the server ends the connection after each answer, so no sign-in of several legs is possible',
);

function isOffered(scheme: WebScheme, offered: readonly OfferedScheme[]): boolean {
  return offered.some(
    (offer) => offer.scheme === scheme || (scheme === 'ntlm' && offer.scheme === 'negotiate'),
  );
}

function tokenOf(offered: readonly OfferedScheme[], name: string): Buffer | undefined {
  return offered.find(({ scheme, token }) => token && scheme === name.toLowerCase())?.token;
}

function basicAuthorization({ user, password }: Credential<'basic'>): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function readable<T>(read: () => T): { readonly value: T } | { readonly fault: GatewayError } {
  try {
    return { value: read() };
  } catch (error) {
    if (isGatewayError(error)) return { fault: error };
    throw error;
  }
}

/** The last token of the server proves who it is (RFC 4559 §5). Undefined: no doubt, or no token to judge. */
async function mutualDoubt(
  initiator: GssInitiator,
  { headers }: Extract<WebOutcome, { kind: 'answered' }>,
): Promise<string | undefined> {
  const field = headers['www-authenticate'];
  if (field === undefined) return undefined;
  const token = tokenOf(offeredSchemes(['www-authenticate', field]), 'Negotiate');
  if (token === undefined) return undefined;
  try {
    await initiator.step(token);
    return undefined;
  } catch (error) {
    if (isGatewayError(error)) return `the server does not prove who it is: ${error.message}`;
    throw error;
  }
}
