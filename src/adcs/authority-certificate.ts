import { extensionOids, readBasicConstraints, type Certificate } from '../x509/index.js';
import { readableOr } from './readable.js';

/** Whether it is that of a CA; one that cannot be read is none. */
export function isAuthority(certificate: Certificate): boolean {
  const constraints = certificate.extension(extensionOids.basicConstraints);
  return constraints !== undefined && readableOr(false, () => readBasicConstraints(constraints).ca);
}
