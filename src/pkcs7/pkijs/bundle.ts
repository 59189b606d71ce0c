import { defaultBerLimits, type BerLimits } from '../../asn1/index.js';
import type { Certificate } from '../../x509/index.js';
import { malformed } from '../cms-error.js';
import { PkijsSignedMessage } from './signed-message.js';

export interface Bundle {
  readonly certificates: readonly Certificate[];
  readonly crls: readonly Buffer[];
}

/**
 * Certificates and CRLs in the order received, BER or DER, signed or not: what stands there is not
 * vouched for by anything.
 * @throws GatewayError `asn1.*`, `cms.malformed`
 */
export function readBundle(bytes: Buffer): Bundle {
  const { certificates, crls } = PkijsSignedMessage.read(bytes, bundleLimits);
  if (certificates.length > mostCertificates) {
    throw malformed(`more than ${mostCertificates} certificates`);
  }
  return { certificates, crls };
}

/** Of CAs that were renewed often and cross-certified, with all of theirs. Who reads them may compare each with each. */
const mostCertificates = 100;

/** A CRL of a large CA has one entry of some four elements for each revoked certificate. */
const bundleLimits: BerLimits = { ...defaultBerLimits, maxNodes: 500_000 };
