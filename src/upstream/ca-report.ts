/** GetCACert of an upstream server, judged before anybody is shown it. */
import { isGatewayError } from '../errors/index.js';
import type { ScepAuthority } from '../scep/index.js';
import { readAuthority } from '../scep/client/index.js';
import { orderChain, verifyIssuedBy, type Certificate } from '../x509/index.js';

export interface CaReport {
  /** Undefined when it cannot be used; then there is a fault. */
  readonly authority: ScepAuthority | undefined;
  /** Issuing CA first, root last, as far as it came; empty when it did not. */
  readonly chain: readonly Certificate[];
  /** Why it cannot be used. */
  readonly faults: readonly string[];
  /** What will go wrong soon. */
  readonly warnings: readonly string[];
}

const warningDays = 30;

/** Never throws. */
export function judgeCaCertificates(
  body: Buffer,
  { fingerprint, now }: { readonly fingerprint: string | undefined; readonly now: Date },
): CaReport {
  try {
    const authority = readAuthority(body, fingerprint);
    const chain = chainOf(authority);
    const faults = faultsOf(authority, chain, now);
    const usable = faults.length === 0 ? authority : undefined;
    return { authority: usable, chain, faults, warnings: warningsOf(authority, chain, now) };
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    const faults = [[error.message, error.mend].filter(Boolean).join(' ')];
    return { authority: undefined, chain: [], faults, warnings: [] };
  }
}

function chainOf({ certificates, issuer }: ScepAuthority): readonly Certificate[] {
  const issuing = certificates.find(({ subject }) => subject.matches(issuer));
  return issuing ? orderChain(certificates, issuing) : [];
}

function faultsOf(
  { recipient }: ScepAuthority,
  [issuing]: readonly Certificate[],
  now: Date,
): string[] {
  if (issuing === undefined) {
    return [
      `GetCACert has no certificate of ${recipient.issuer.text}, which issued the RA certificate.`,
    ];
  }
  const faults = [recipient, ...(issuing === recipient ? [] : [issuing])].flatMap((certificate) =>
    datesFault(certificate, now),
  );
  if (recipient === issuing || verifyIssuedBy(recipient, issuing)) return faults;
  return [...faults, `${named(recipient)} is not signed by ${named(issuing)}.`];
}

function datesFault(certificate: Certificate, now: Date): string[] {
  const { notBefore, notAfter } = certificate;
  if (notAfter <= now) return [`${named(certificate)} expired on ${day(notAfter)}.`];
  // A day of grace: the clocks of two servers differ.
  if (notBefore.getTime() > now.getTime() + 86_400_000)
    return [`${named(certificate)} is not valid before ${day(notBefore)}.`];
  return [];
}

function warningsOf(
  { certificates }: ScepAuthority,
  chain: readonly Certificate[],
  now: Date,
): string[] {
  const soon = new Date(now.getTime() + warningDays * 86_400_000);
  const all = new Set([...certificates, ...chain]);
  return [...all].flatMap((certificate) => {
    const { notAfter } = certificate;
    if (notAfter <= now) return [`${named(certificate)} expired on ${day(notAfter)}.`];
    return notAfter < soon ? [`${named(certificate)} ends on ${day(notAfter)}.`] : [];
  });
}

function named({ subject, serial }: Certificate): string {
  return `${subject.text || '(no subject)'} (serial ${serial})`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
