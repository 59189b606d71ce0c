import { der } from '../asn1/index.js';
import { extensionOids, type Extension } from './extension.js';

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
