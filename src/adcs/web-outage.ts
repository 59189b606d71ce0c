/** What a web server in front of the CA does instead of handing out what the CA said. */
import type { WebOutcome } from '../web-client/index.js';
import type { Unavailable } from './unavailable.js';

type NotAnswered = Exclude<WebOutcome, { readonly kind: 'answered' }>;
type Answered = Extract<WebOutcome, { readonly kind: 'answered' }>;

/** The server was not reached, did not let us in, or did not answer whole. */
export function notAnswered(outcome: NotAnswered): Unavailable {
  switch (outcome.kind) {
    case 'login-refused':
      return {
        kind: 'unavailable',
        submission: 'none',
        detail: `The web server of the CA refused the login: ${outcome.reason}`,
        mend: loginMend(outcome.scheme, outcome.offered),
      };
    case 'unreachable':
      return {
        kind: 'unavailable',
        submission: 'none',
        detail: `The web server of the CA cannot be reached: ${outcome.reason}`,
      };
    case 'unknown':
      return {
        kind: 'unavailable',
        submission: 'unknown',
        detail: `The answer of the web server of the CA did not come: ${outcome.reason}`,
      };
  }
}

/**
 * An HTTP status in place of an answer. http.sys and proxies say 503 before the application is asked; a
 * gateway time-out or a crash of the application may come after the CA was.
 *
 * @param mends what an operator has to do about a status, beside what there is to do with every IIS: until
 *   then the CA is left alone for longer
 */
export function statusOutage(
  { status, headers }: Pick<Answered, 'status' | 'headers'>,
  mends: Mends,
): Unavailable {
  const retryAfter = Number(headers['retry-after']);
  const mend = mends[status] ?? everywhere[status];
  const what = `The web server of the CA answered with HTTP ${status}.`;
  return {
    kind: 'unavailable',
    submission: mayHaveRun(status) ? 'unknown' : 'none',
    detail: [what, hints[status]].filter(Boolean).join(' '),
    ...(mend !== undefined && { mend }),
    ...(Number.isInteger(retryAfter) && retryAfter > 0 && { retryAfterSeconds: retryAfter }),
  };
}

function mayHaveRun(status: number): boolean {
  return status >= 500 && status !== 503;
}

type Mends = Readonly<Record<number, string | undefined>>;

/** What waiting alone may mend, or what one request alone may cause: the others are sent all the same. */
const hints: Mends = {
  413: 'If it says so to every request: raise uploadReadAheadSize and maxAllowedContentLength of the IIS site.',
  500: 'Look into the event log and the IIS log of the web server.',
  503: 'If that lasts: start the application pool of the IIS site.',
};

const redirected = 'Write the address the web server redirects to into `url`.';

const everywhere: Mends = {
  301: redirected,
  302: redirected,
  307: redirected,
  308: redirected,
  403: 'Check SSL settings, IP restrictions and client certificates of the IIS site; it answers 403 to plain HTTP where SSL is required.',
};

function loginMend(scheme: string | undefined, offered: readonly string[]): string {
  if (scheme === undefined) {
    const list = offered.length === 0 ? 'nothing' : offered.join(', ');
    return `The server offers ${list}: configure one of these for the issuer, or turn on another in IIS.`;
  }
  if (scheme === 'client-certificate') {
    return 'Check that the client certificate is valid, trusted by the server and mapped to an account.';
  }
  if (scheme === 'basic') return 'Check user name and password, and whether the account is locked.';
  return 'Check user name, password or keytab and the service principal name. With Extended Protection a TLS proxy in between breaks the login: reach the server directly.';
}
