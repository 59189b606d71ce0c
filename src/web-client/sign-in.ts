/** Which scheme is used: the strongest that the server offers, and what worked last. */
import {
  connectionEnded,
  goOnUnasked,
  lostBefore,
  whole,
  type Attempt,
  type Errand,
} from './attempt.js';
import { withNegotiate } from './negotiate-legs.js';
import { withNtlm } from './ntlm-legs.js';
import { offeredSchemes, type OfferedScheme } from './offered-schemes.js';
import type { WebCredential, WebOutcome, WebScheme } from './web-client.types.js';

/** Takes a request through whatever the server asks for. */
export type SignIn = (errand: Errand) => Promise<WebOutcome>;

type Credential<K extends WebScheme> = Extract<WebCredential, { kind: K }>;

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
    if (ntlm) return withNtlm(errand, ntlm, { offered, host, clock, random });
    const negotiate = credentialOf('negotiate');
    if (negotiate) return withNegotiate(errand, negotiate, host);
    throw new RangeError(`there is no credential for ${scheme}`);
  }

  function credentialOf<K extends WebScheme>(kind: K): Credential<K> | undefined {
    return credentials.find((one): one is Credential<K> => one.kind === kind);
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

function refused(scheme: WebScheme, offered: readonly OfferedScheme[]): WebOutcome {
  return {
    kind: 'login-refused',
    scheme,
    offered: offered.map((offer) => offer.scheme),
    reason: `the server refuses the account by ${scheme}`,
  };
}

function isOffered(scheme: WebScheme, offered: readonly OfferedScheme[]): boolean {
  return offered.some(
    (offer) => offer.scheme === scheme || (scheme === 'ntlm' && offer.scheme === 'negotiate'),
  );
}

function basicAuthorization({ user, password }: Credential<'basic'>): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
