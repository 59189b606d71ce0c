/** How the gateway signs in to a web server: what is offered, what is used, and whether it is bound. */
import type { WebClient, WebCredential, WebOutcome, WebTls } from '../web-client/index.js';
import { kerberosJudge } from './clock.js';
import { trustChecks } from './endpoint.js';
import type { Examination } from './examination.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';

type Scheme = WebCredential['kind'];

const strongestFirst: readonly Scheme[] = ['negotiate', 'ntlm', 'basic'];

/** Those that the gateway has credentials for. */
export function configuredSchemes(
  authentication: Readonly<Partial<Record<Scheme, unknown>>>,
): readonly Scheme[] {
  return strongestFirst.filter((scheme) => authentication[scheme] !== undefined);
}

export interface SignInFacts {
  /** What the gateway has, certificate aside. */
  readonly configured: readonly Scheme[];
  readonly hasCertificate: boolean;
  /** Of the first answer, which was to a request without a sign-in. */
  readonly status: number;
  readonly offered: readonly string[];
}

/** For `clockVerdict`. */
export function clockJudgeOf(configured: readonly Scheme[]): string | undefined {
  return configured.includes('negotiate') ? kerberosJudge : undefined;
}

/** The one that the client takes: the strongest that is offered; NTLM also travels in `Negotiate`. */
function usedScheme({ configured, offered }: SignInFacts): Scheme | undefined {
  const isOffered = (scheme: Scheme) =>
    offered.includes(scheme) || (scheme === 'ntlm' && offered.includes('negotiate'));
  return strongestFirst.find((scheme) => configured.includes(scheme) && isOffered(scheme));
}

/** `sign-in.offered`. */
export function offeredVerdict(facts: SignInFacts): Verdict {
  const { status, offered, configured, hasCertificate } = facts;
  const ours = [...configured, ...(hasCertificate ? ['a client certificate'] : [])].join(', ');
  if (status !== 401) {
    if (hasCertificate) return ok('The server asks for no sign-in beside the client certificate.');
    return status < 400
      ? warning(
          'The pages are shown without any sign-in: everybody who reaches the server can ask the CA.',
          'Turn off anonymous authentication for this application in IIS.',
        )
      : info(`The server offers no sign-in at this address (HTTP ${status}).`);
  }
  const theirs = offered.length === 0 ? 'nothing' : offered.join(', ');
  const used = usedScheme(facts);
  if (used !== undefined) {
    return ok(`The server offers ${theirs}; the gateway has ${ours} and uses ${used}.`);
  }
  return failed(
    `The server offers ${theirs}, the gateway has ${ours === '' ? 'nothing' : ours}.`,
    'Configure one of the offered schemes for the issuer, or turn on another one in IIS (Authentication, Providers).',
  );
}

/** `sign-in.used`: signs in once, so that a wrong password counts once. */
export async function examineSignIn(
  examination: Examination,
  about: string,
  options: {
    readonly facts: SignInFacts | undefined;
    readonly client: () => Promise<WebClient>;
    /** Of a page that changes nothing. */
    readonly path: string;
    readonly tls: WebTls;
    readonly isTls: boolean;
  },
): Promise<void> {
  const { facts, client, path, tls, isTls } = options;
  const needs = [...trustChecks(isTls, tls), 'http.answer'];
  await examination.check({ id: 'sign-in.offered', about, needs }, () =>
    facts === undefined ? [] : offeredVerdict(facts),
  );
  await examination.check(
    { id: 'sign-in.used', about, needs: [...needs, 'sign-in.offered'], doing: 'signing in' },
    async () => {
      const web = await client();
      try {
        const outcome = await web.send({ method: 'GET', path });
        return facts === undefined ? [] : signInVerdict(outcome, facts, isTls);
      } finally {
        web.close();
      }
    },
  );
  await examination.check({ id: 'sign-in.channel-binding', about, needs: ['sign-in.used'] }, () =>
    facts === undefined ? [] : bindingVerdict(usedScheme(facts), isTls),
  );
}

function signInVerdict(outcome: WebOutcome, facts: SignInFacts, isTls: boolean): Verdict {
  const used = usedScheme(facts);
  const how = used ?? (facts.hasCertificate ? 'the client certificate' : 'nobody');
  switch (outcome.kind) {
    case 'answered':
      if (outcome.status === 403 && used === undefined && facts.hasCertificate) {
        return failed(
          'The web server knows the client certificate, but does not let it in (HTTP 403).',
          certificateMend,
        );
      }
      return ok(`The server lets the gateway in as ${how}.`);
    case 'login-refused':
      return failed(
        `The sign-in was refused: ${outcome.reason}.`,
        refusalMend(outcome.scheme, isTls),
      );
    case 'unreachable':
    case 'unknown':
      return failed(`The sign-in came to no end: ${outcome.reason}.`, endMend(outcome.reason));
  }
}

export const certificateMend =
  'The certificate needs a chain that the server trusts (its root among the Trusted Root Certification Authorities of the computer, where a group policy may remove it again), a private use for clients, and a mapping to an account; IIS logs 403.7 for none, 403.16 for one that it does not trust.';

function refusalMend(scheme: Scheme | 'client-certificate' | undefined, isTls: boolean): string {
  if (scheme === undefined) {
    return 'Configure one of the offered schemes for the issuer, or turn on another one in IIS.';
  }
  if (scheme === 'client-certificate') return certificateMend;
  const account =
    'Check user name, password or keytab, and whether the account is locked, disabled or expired. Do not repeat this often: wrong passwords lock accounts.';
  if (scheme === 'basic' || !isTls) return account;
  return `${account} If they are right: with Extended Protection the server also refuses a sign-in that was bound to another TLS channel, so a proxy that ends TLS (Application Proxy, load balancer) must not stand between gateway and server. For Kerberos look at the service principal name, too (setspn -Q).`;
}

function endMend(reason: string): string {
  if (/clock skew/i.test(reason)) {
    return 'Set the clocks of gateway, CA and domain controllers by the same time source (NTP): Kerberos allows five minutes.';
  }
  if (/kerberos/i.test(reason)) {
    return 'Check keytab and principal with kinit -k, the service principal name with setspn -Q, and whether the KDC can be reached on port 88.';
  }
  return 'Look at the log of the web server; a proxy between that does not keep connections breaks NTLM.';
}

/** `sign-in.channel-binding`. */
export function bindingVerdict(used: Scheme | undefined, isTls: boolean): Verdict {
  if (used === undefined || used === 'basic') {
    return info(
      `No channel binding: ${used === 'basic' ? 'Basic' : 'a client certificate'} has none of its own; TLS protects it.`,
    );
  }
  if (!isTls) {
    return warning(
      'No channel binding: there is no TLS, so the sign-in can be relayed to another server (ESC8).',
      'Use https, and turn on Extended Protection = Required for Windows authentication in IIS.',
    );
  }
  return info(
    'The sign-in was bound to the TLS channel, and so satisfies Extended Protection. Whether the server demands it cannot be told without a sign-in that fails on purpose.',
    'In IIS, see that Extended Protection of Windows authentication is Required: without it sign-ins of others can be relayed to this server (ESC8).',
  );
}
