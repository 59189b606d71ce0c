import { der, parseBer } from '../asn1/index.js';
import type { Certificate } from './certificate.js';
import { extensionOids, type Extension } from './extension.js';
import { readSubjectAltNames, subjectAltNameText } from './subject-alt-name.js';

/** szOID_NTDS_OBJECTSID, the type of the name inside. */
const objectSid = '1.3.6.1.4.1.311.25.2.1';

/**
 * szOID_NTDS_CA_SECURITY_EXT (MS-WCCE §2.2.2.7.7.4): ties a certificate to an account of Active Directory
 * (strong mapping, KB5014754).
 * @param sid `S-1-5-21-…`
 */
export function sidExtension(sid: string): Extension {
  const value = der.octetString(Buffer.from(sid, 'ascii'));
  return {
    oid: extensionOids.msSid,
    critical: false,
    value: der.sequence(
      der.contextConstructed(0, der.oid(objectSid), der.contextConstructed(0, value)),
    ),
  };
}

/**
 * The SID in a subjectAltName written `uri:tag:microsoft.com,2022-09-14:sid:S-1-5-…`, the form for requests
 * that cannot carry the extension; undefined for any other name.
 */
export function sidInUri(text: string): string | undefined {
  return /^uri:\s*tag:microsoft\.com,2022-09-14:sid:(.*)$/is.exec(text)?.[1];
}

/** The account a certificate is tied to, by extension or else by URI; undefined where there is none, or several. */
export function sidOf(certificate: Certificate): string | undefined {
  const extension = certificate.extension(extensionOids.msSid);
  try {
    if (extension) return sidInExtension(extension);
    const names = certificate.extension(extensionOids.subjectAltName);
    const sids = (names ? readSubjectAltNames(names.value) : []).flatMap(
      (name) => sidInUri(subjectAltNameText(name)) ?? [],
    );
    return sids.length === 1 ? sids[0] : undefined;
  } catch {
    return undefined;
  }
}

function sidInExtension({ value }: Extension): string | undefined {
  const name = parseBer(value).child(0);
  if (name.child(0).oid() !== objectSid) return undefined;
  return name.child(1).child(0).octets().toString('ascii');
}
