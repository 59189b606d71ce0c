import { parseBer, tag } from '../../asn1/index.js';
import { extensionOids, type Certificate } from '../../x509/index.js';

/**
 * What authorityKeyIdentifier must say below this CA: its own subjectKeyIdentifier, which an imported CA
 * may have computed in its own way (RFC 5280 §4.2.1.1), else the SHA-1 of its key.
 */
export function keyIdentifierOf(ca: Certificate): Buffer {
  const extension = ca.extension(extensionOids.subjectKeyIdentifier);
  return extension
    ? parseBer(extension.value).require(tag.octetString).octets()
    : ca.publicKey.subjectKeyIdentifier;
}
