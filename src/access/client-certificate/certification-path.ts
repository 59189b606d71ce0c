import { verifyIssuedBy, type Certificate } from '../../x509/index.js';

export type PathOutcome =
  /** Leaf first, a trust anchor last. */
  | { readonly kind: 'path'; readonly path: readonly Certificate[] }
  /** `reason` completes "the certificate …". */
  | { readonly kind: 'none'; readonly reason: string };

/** CAs between the leaf and the anchor; nobody has more. */
const mostIntermediates = 4;
/** What a stranger's certificates may cost: a signature takes 0.05 ms to verify. */
const mostVerifications = 32;

/**
 * From a leaf to an anchor by names and signatures (RFC 5280 §6.1), through certificates that came with
 * the leaf. Whether they are CAs, and valid, is looked at afterwards; those that are valid now are tried
 * first, because CAs renew their certificates under the same key.
 */
export function certificationPath(
  leaf: Certificate,
  others: readonly Certificate[],
  anchors: readonly Certificate[],
  now: Date,
): PathOutcome {
  const intermediates = [...others.filter(isValid), ...others.filter((one) => !isValid(one))];
  const trusted = [...anchors.filter(isValid), ...anchors.filter((one) => !isValid(one))];
  const spent = { verifications: 0, tooLong: false };

  function isValid({ notBefore, notAfter }: Certificate): boolean {
    return notBefore <= now && now <= notAfter;
  }

  function issued(issuer: Certificate, certificate: Certificate): boolean {
    if (!certificate.issuer.matches(issuer.subject)) return false;
    spent.verifications += 1;
    return spent.verifications <= mostVerifications && verifyIssuedBy(certificate, issuer);
  }

  function extended(
    path: readonly Certificate[],
    last: Certificate,
  ): readonly Certificate[] | undefined {
    const anchor = trusted.find((candidate) => issued(candidate, last));
    if (anchor) return [...path, anchor];
    const issuers = intermediates.filter((one) => !isIn(path, one) && issued(one, last));
    if (path.length > mostIntermediates) {
      spent.tooLong ||= issuers.length > 0;
      return undefined;
    }
    for (const issuer of issuers) {
      const whole = extended([...path, issuer], issuer);
      if (whole) return whole;
    }
    return undefined;
  }

  const path = extended([leaf], leaf);
  if (path) return { kind: 'path', path };
  if (spent.verifications > mostVerifications) {
    return { kind: 'none', reason: `takes more than ${mostVerifications} signatures to follow` };
  }
  return spent.tooLong
    ? {
        kind: 'none',
        reason: `has more than ${mostIntermediates} CAs between it and a trusted one`,
      }
    : { kind: 'none', reason: 'leads to no trusted CA by the certificates that came with it' };
}

function isIn(path: readonly Certificate[], certificate: Certificate): boolean {
  return path.some(({ der }) => der.equals(certificate.der));
}
