import type { Certificate } from './certificate.js';
import type { CertificateRevocationList } from './crl.js';
import { verifySignature } from './signature-algorithm.js';

/**
 * Whether `issuer` is the name in, and its key the signer of, a certificate or a CRL. Neither dates
 * nor constraints are looked at. Never throws.
 */
export function verifyIssuedBy(
  signed: Certificate | CertificateRevocationList,
  issuer: Certificate,
): boolean {
  if (!signed.issuer.matches(issuer.subject)) return false;
  const { tbs, signature, signatureAlgorithmDer } = signed;
  return verifySignature(signatureAlgorithmDer, tbs, signature, issuer.publicKey);
}

/**
 * The chain of one leaf, leaf first, as far as the given certificates carry it; others are left out.
 * Without `leaf` it starts at the first certificate that issued none of the others.
 */
export function orderChain(
  certificates: readonly Certificate[],
  leaf: Certificate | undefined = findLeaf(certificates),
): Certificate[] {
  const chain: Certificate[] = [];
  const left = new Set(certificates);
  for (let next = leaf; next !== undefined;) {
    const current: Certificate = next;
    chain.push(current);
    left.delete(current);
    next = isSelfIssued(current)
      ? undefined
      : [...left].find((candidate) => verifyIssuedBy(current, candidate));
  }
  return chain;
}

function findLeaf(certificates: readonly Certificate[]): Certificate | undefined {
  const isIssuer = (candidate: Certificate): boolean =>
    certificates.some((other) => other !== candidate && verifyIssuedBy(other, candidate));
  return certificates.find((candidate) => !isIssuer(candidate)) ?? certificates[0];
}

function isSelfIssued(certificate: Certificate): boolean {
  return (
    certificate.issuer.matches(certificate.subject) && verifyIssuedBy(certificate, certificate)
  );
}
