import { isGatewayError } from '../../errors/index.js';
import { readBundle } from '../../pkcs7/index.js';
import { Certificate } from '../../x509/index.js';
import type { CertServerAnswer } from './cert-server-request.js';

export interface ReturnedCertificate {
  readonly certificate: Certificate;
  /** What came in the CMS around it, in any order; nothing of it is checked. */
  readonly bundle: readonly Certificate[];
}

/** Undefined where there is no certificate that can be read. A chain that cannot is left out. */
export function readReturned({
  certificate,
  chain,
}: Pick<CertServerAnswer, 'certificate' | 'chain'>): ReturnedCertificate | undefined {
  if (certificate.length === 0) return undefined;
  const leaf = readOr(undefined, () => Certificate.fromDer(certificate));
  if (leaf === undefined) return undefined;
  const bundle = readOr([], () => (chain.length === 0 ? [] : readBundle(chain).certificates));
  return { certificate: leaf, bundle };
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error)) return otherwise;
    throw error;
  }
}
