import { verifyIssuedBy, type Certificate } from '../x509/index.js';

/**
 * What is wrong with a certificate that the CA handed out as the answer to a request; undefined when
 * nothing is. The CA is trusted to decide, not to answer another question.
 *
 * @param csrKey public key of the CSR
 * @param issuing certificates of the CA, renewed ones included
 */
export function faultOfIssued(
  certificate: Certificate,
  csrKey: string,
  issuing: readonly Certificate[],
): string | undefined {
  const { subject, issuer, serial } = certificate;
  const which = `the certificate ${serial} (${subject.text})`;
  if (certificate.publicKey.id !== csrKey) {
    return `${which} is for another key than the request`;
  }
  if (!issuing.some((ca) => verifyIssuedBy(certificate, ca))) {
    return `${which} of ${issuer.text} is not signed by the CA of this issuer`;
  }
  return undefined;
}
