import type { Unavailable } from '../unavailable.js';
import type { WebOutcome } from '../../web-client/index.js';

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
 * An answer that is no page of certsrv. http.sys and proxies say 503 before the application is asked; a
 * gateway time-out or a crash of the script may come after the CA was.
 */
export function notAPage({ status, headers }: Answered): Unavailable | undefined {
  if (status === 200) return undefined;
  const retryAfter = Number(headers['retry-after']);
  const what = `The web server of the CA answered with HTTP ${status}.`;
  return {
    kind: 'unavailable',
    submission: mayHaveRun(status) ? 'unknown' : 'none',
    detail: [what, hints[status]].filter(Boolean).join(' '),
    ...(mends[status] !== undefined && { mend: mends[status] }),
    ...(Number.isInteger(retryAfter) && retryAfter > 0 && { retryAfterSeconds: retryAfter }),
  };
}

function mayHaveRun(status: number): boolean {
  return status >= 500 && status !== 503;
}

/** What waiting alone may mend, or what one request alone may cause: the others are sent all the same. */
const hints: Readonly<Record<number, string | undefined>> = {
  413: 'If it says so to every request: raise uploadReadAheadSize and maxAllowedContentLength of the IIS site.',
  500: 'Look into the event log and the IIS log of the web server.',
  503: 'If that lasts: start the application pool of the IIS site.',
};

/** What an operator has to mend: until then the CA is left alone for longer. */
const mends: Readonly<Record<number, string | undefined>> = {
  301: 'Write the address the web server redirects to into `url`.',
  302: 'Write the address the web server redirects to into `url`.',
  307: 'Write the address the web server redirects to into `url`.',
  308: 'Write the address the web server redirects to into `url`.',
  403: 'Check SSL settings, IP restrictions and client certificates of the IIS site; it answers 403 to plain HTTP where SSL is required.',
  404: 'Check `url`: Web Enrollment answers under /certsrv/, and its role must be installed on that server.',
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
