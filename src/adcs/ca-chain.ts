import { orderChain, type Certificate } from '../x509/index.js';
import { isAuthority } from './authority-certificate.js';

export type CheckedChain =
  | {
      readonly kind: 'chain';
      /** Issuing CA first, root last. */
      readonly certificates: readonly [Certificate, ...Certificate[]];
    }
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * The chain of a CA from certificates in any order, wherever they came from: each is a CA, valid now, and
 * signed by the next, up to a root.
 *
 * @param pins SHA-256 of the issuing CA certificate, as its thumbprint is written; empty: any
 */
export function checkCaChain(
  certificates: readonly Certificate[],
  now: Date,
  pins: readonly string[] = [],
): CheckedChain {
  if (certificates.length > mostCertificates) {
    return rejected(`it holds more than ${mostCertificates} CA certificates`);
  }
  const [issuing, ...above] = orderChain(certificates);
  if (issuing === undefined) return rejected('there is no CA certificate in it');
  const chain = [issuing, ...above] as const;
  for (const certificate of chain) {
    const { subject, notBefore, notAfter } = certificate;
    if (!isAuthority(certificate)) return rejected(`${subject.text} is no CA certificate`);
    if (notAfter <= now) return rejected(`${subject.text} ended on ${notAfter.toISOString()}`);
    if (notBefore > now)
      return rejected(`${subject.text} begins on ${notBefore.toISOString()}; check the clock`);
  }
  const last = chain[chain.length - 1] ?? issuing;
  if (!last.subject.matches(last.issuer)) {
    return rejected(
      `the certificate of ${last.issuer.text}, which is above ${last.subject.text}, is missing`,
    );
  }
  if (pins.length > 0 && !pins.includes(issuing.thumbprints.sha256)) {
    return rejected(
      `the SHA-256 of ${issuing.subject.text} is ${issuing.thumbprints.sha256}, which the configuration does not name`,
    );
  }
  return { kind: 'chain', certificates: chain };
}

/** Their order costs a signature check for each two of one name: a hostile server names all of them alike. */
const mostCertificates = 16;

function rejected(reason: string): CheckedChain {
  return { kind: 'rejected', reason };
}
