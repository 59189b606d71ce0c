/** GetCACert (RFC 8894 §4.2) and its older relatives. `message=` is ignored: clients put anything there (H13). */
import { GatewayError } from '../errors/index.js';
import { certificateBundle } from '../pkcs7/index.js';
import type { Certificate } from '../x509/index.js';
import type { ScepProfile, ScepResponse } from './scep-server.types.js';

/**
 * RA signing, RA encryption, issuing CA, further CAs: the order NDES has and every client tried takes.
 * One certificate goes out bare: Apple looks for an RA certificate in a bundle (A2).
 */
export function caCertificates(profile: ScepProfile): readonly Certificate[] {
  const ra = profile.registrationAuthority().certificates;
  const [issuer, ...above] = profile.chain();
  const ca = issuer === undefined ? [] : [issuer];
  switch (profile.caCertShape) {
    case 'ra-only':
      return distinct(ra);
    case 'ca-only':
      return ca;
    case 'ra-and-issuer':
      return distinct([...ra, ...ca]);
    case 'ra-and-chain':
      return distinct([
        ...ra,
        ...ca,
        ...(profile.caCertRoot ? above : above.filter((certificate) => !isRoot(certificate))),
      ]);
  }
}

export function caCertResponse(certificates: readonly Certificate[]): ScepResponse {
  const [only, ...more] = certificates;
  if (only === undefined) {
    throw new GatewayError('internal', 'There is no CA certificate to show.');
  }
  return more.length === 0
    ? { status: 200, contentType: 'application/x-x509-ca-cert', body: only.der }
    : {
        status: 200,
        contentType: 'application/x-x509-ca-ra-cert',
        body: certificateBundle(certificates),
      };
}

/** GetCACertChain of the drafts before RFC 8894, spelled GetCAChain by some clients: the chain, always in a bundle. */
export function caChainResponse(chain: readonly Certificate[]): ScepResponse {
  return {
    status: 200,
    contentType: 'application/x-x509-ca-ra-cert-chain',
    body: certificateBundle(chain),
  };
}

function isRoot({ subject, issuer }: Certificate): boolean {
  return subject.matches(issuer);
}

/** With one RA certificate for both uses, or the CA as its own RA, a certificate would stand twice. */
function distinct(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter(
    (certificate, index) =>
      certificates.findIndex(({ der }) => der.equals(certificate.der)) === index,
  );
}
