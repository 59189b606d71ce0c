import type { SignedMessage } from '../../pkcs7/index.js';
import { readBundle } from '../../pkcs7/pkijs/index.js';
import type { Certificate } from '../../x509/index.js';
import { replyFault } from './cert-rep.js';
import type { ScepAuthority } from './scep-client.types.js';

/** From the content (RFC 8894 §4.7.1); or, where a server leaves it empty, what stands beside it and is new. */
export function nextCaCertificates(
  { content, certificates }: SignedMessage,
  authority: ScepAuthority,
): readonly Certificate[] {
  const next =
    content === undefined
      ? certificates.filter(
          (certificate) => !authority.certificates.some(({ der }) => der.equals(certificate.der)),
        )
      : readBundle(content).certificates;
  if (next.length === 0) throw replyFault('The reply brings no next CA certificate.');
  return next;
}
